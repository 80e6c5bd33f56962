"""The 63 provinces of the years 2008 to 2025, under the codes that begin a citizen's number for ever.

Vaccinations of 2021 and 2022 belong to them. (In 2025 some of the codes were given to other areas.)
"""

from __future__ import annotations

from dataclasses import dataclass

from vaxcert.service.sample.weighted import Weighted

_FIRST_SOUTHERN = "44"
"""Quảng Bình: codes grow from north to south."""

_AT_STATION, _AT_STATION_OR_HOSPITAL = 0.62, 0.82


_CITIES = frozenset(("01", "31", "48", "79", "92"))
"""Those governed centrally, which are no tỉnh."""


@dataclass(frozen=True, slots=True)
class Ward:
    """Where those who live in one ward are vaccinated."""

    station: str
    hospital: str
    mobile: str

    def site(self, chance: float) -> str:
        """Return where one dose is given, by a number drawn evenly from 0 to 1: mostly at the ward's own station."""
        if chance < _AT_STATION:
            return self.station
        return self.hospital if chance < _AT_STATION_OR_HOSPITAL else self.mobile


@dataclass(frozen=True, slots=True)
class Province:
    """One province: its code of two digits, and what old identity cards of it begin with."""

    code: str
    name: str
    old_card: str
    wards: tuple[Ward, ...]

    @property
    def is_southern(self) -> bool:
        """Whether it lies in the south, where some family names have another form."""
        return self.code >= _FIRST_SOUTHERN


# Code | name | people in 2021, in thousands | first digits of the old identity card | phường / xã
_TABLE = """
01|Hà Nội|8331|01|Trúc Bạch, Cống Vị, Láng Hạ, Hàng Bạc, Khương Đình/Bát Tràng, Cổ Loa, Đường Lâm
02|Hà Giang|887|07|Minh Khai, Nguyễn Trãi, Trần Phú/Lũng Cú, Quản Bạ
04|Cao Bằng|542|08|Hợp Giang, Sông Bằng, Đề Thám/Đàm Thủy, Trường Hà
06|Bắc Kạn|324|09|Đức Xuân, Phùng Chí Kiên, Sông Cầu/Nam Mẫu, Khang Ninh
08|Tuyên Quang|801|07|Minh Xuân, Phan Thiết, Tân Quang/Tân Trào, Trung Môn
10|Lào Cai|762|06|Cốc Lếu, Duyên Hải, Kim Tân/Tả Van, Tả Phìn
11|Điện Biên|625|04|Mường Thanh, Noong Bua, Him Lam/Thanh Xương, Mường Phăng
12|Lai Châu|478|04|Đoàn Kết, Quyết Thắng, Tân Phong/Sùng Phài, Tả Lèng
14|Sơn La|1287|05|Chiềng Lề, Tô Hiệu, Quyết Tâm/Chiềng Ngần, Chiềng Cọ
15|Yên Bái|843|06|Đồng Tâm, Minh Tân, Hồng Hà/Tú Lệ, La Pán Tẩn
17|Hòa Bình|871|11|Phương Lâm, Đồng Tiến, Tân Thịnh/Mai Hịch, Chiềng Châu
19|Thái Nguyên|1323|09|Hoàng Văn Thụ, Phan Đình Phùng, Quang Trung/Tân Cương, Linh Sơn
20|Lạng Sơn|796|08|Chi Lăng, Vĩnh Trại, Hoàng Văn Thụ/Mai Pha, Quảng Lạc
22|Quảng Ninh|1350|10|Bạch Đằng, Hồng Gai, Bãi Cháy/Quan Lạn, Minh Châu
24|Bắc Giang|1875|12|Trần Phú, Ngô Quyền, Thọ Xương/Vân Trung, Tăng Tiến
25|Phú Thọ|1517|13|Gia Cẩm, Tiên Cát, Nông Trang/Hy Cương, Hùng Lô
26|Vĩnh Phúc|1191|13|Ngô Quyền, Đống Đa, Tích Sơn/Đại Đình, Hồ Sơn
27|Bắc Ninh|1463|12|Suối Hoa, Vệ An, Đình Bảng/Yên Phụ, Tam Đa
30|Hải Dương|1937|14|Trần Phú, Lê Thanh Nghị, Sao Đỏ/Thanh Hải, Hợp Tiến
31|Hải Phòng|2072|03|Cầu Đất, Lạch Tray, Vĩnh Niệm/Tân Dương, Gia Luận
33|Hưng Yên|1285|14|Hiến Nam, Lam Sơn, Lê Lợi/Phương Chiểu, Tân Quang
34|Thái Bình|1876|15|Đề Thám, Bồ Xuyên, Trần Lãm/Đông Hòa, Vũ Chính
35|Hà Nam|875|16|Hai Bà Trưng, Lương Khánh Thiện, Minh Khai/Hòa Hậu, Thanh Hà
36|Nam Định|1836|16|Bà Triệu, Trần Hưng Đạo, Vị Xuyên/Lộc An, Hải Minh
37|Ninh Bình|1007|16|Đông Thành, Vân Giang, Nam Bình/Trường Yên, Gia Sinh
38|Thanh Hóa|3716|17|Ba Đình, Điện Biên, Lam Sơn/Cẩm Lương, Hoằng Lộc
40|Nghệ An|3410|18|Hưng Bình, Lê Mao, Cửa Nam/Kim Liên, Nghi Ân
42|Hà Tĩnh|1315|18|Bắc Hà, Nam Hà, Tân Giang/Thạch Trung, Cẩm Nhượng
44|Quảng Bình|914|19|Đồng Hải, Hải Thành, Bắc Lý/Bảo Ninh, Tân Hóa
45|Quảng Trị|647|19|Đông Thanh, Đông Giang, An Đôn/Gio Mỹ, Hải Thượng
46|Thừa Thiên Huế|1153|19|Vỹ Dạ, Kim Long, Thuận Hòa/Phong Hiền, Lộc Vĩnh
48|Đà Nẵng|1196|20|Hòa Cường Bắc, Thạch Thang, An Hải Bắc/Hòa Bắc, Hòa Phong
49|Quảng Nam|1518|20|Minh An, Cẩm Châu, An Mỹ/Cẩm Thanh, Duy Phú
51|Quảng Ngãi|1245|21|Nghĩa Lộ, Trần Phú, Chánh Lộ/Tịnh Khê, Nghĩa An
52|Bình Định|1508|21|Lê Lợi, Ngô Mây, Ghềnh Ráng/Nhơn Lý, Tây Phú
54|Phú Yên|876|22|Phú Lâm, Phú Thạnh, Phú Đông/Bình Kiến, An Chấn
56|Khánh Hòa|1254|22|Lộc Thọ, Vĩnh Hải, Phước Long/Vĩnh Thạnh, Cam Hải Đông
58|Ninh Thuận|597|26|Kinh Dinh, Đạo Long, Tấn Tài/Vĩnh Hải, Phước Nam
60|Bình Thuận|1252|26|Phú Thủy, Mũi Né, Hàm Tiến/Tiến Thành, Hàm Kiệm
62|Kon Tum|568|23|Quyết Thắng, Thắng Lợi, Quang Trung/Đắk Rơ Wa, Măng Cành
64|Gia Lai|1569|23|Diên Hồng, Hội Thương, Yên Đỗ/Biển Hồ, Chư Á
66|Đắk Lắk|1910|24|Tân Lợi, Ea Tam, Tự An/Cư Êbur, Hòa Thắng
67|Đắk Nông|664|24|Nghĩa Thành, Nghĩa Đức, Nghĩa Tân/Đắk Nia, Nam Dong
68|Lâm Đồng|1322|25|Lộc Sơn, B'Lao, Lộc Phát/Tà Nung, Xuân Trường
70|Bình Phước|1024|28|Tân Phú, Tân Đồng, Tân Xuân/Tân Thành, Bù Gia Mập
72|Tây Ninh|1188|29|Ninh Thạnh, Ninh Sơn, Hiệp Ninh/Thạnh Tân, Bình Minh
74|Bình Dương|2596|28|Phú Hòa, Dĩ An, Lái Thiêu/Phú An, Bạch Đằng
75|Đồng Nai|3169|27|Tân Phong, Trảng Dài, Long Bình/Tam An, Phú Hữu
77|Bà Rịa - Vũng Tàu|1176|27|Thắng Tam, Rạch Dừa, Phước Trung/Long Sơn, Bưng Riềng
79|TP. Hồ Chí Minh|9167|02|Bến Nghé, Đa Kao, Tân Định, Thảo Điền, Bình Trị Đông/Bình Hưng, Tân Thông Hội, An Thới Đông
80|Long An|1714|30|Tân Khánh, Khánh Hậu/Hướng Thọ Phú, Long Hậu
82|Tiền Giang|1779|31|Tân Long, Long Chánh/Thới Sơn, Đạo Thạnh
83|Bến Tre|1296|32|An Hội, Phú Khương, Phú Tân/Mỹ Thạnh An, Sơn Phú
84|Trà Vinh|1009|33|Long Toàn, Long Thành/Long Đức, Hòa Lợi
86|Vĩnh Long|1029|33|Cái Vồn, Thành Phước/An Bình, Bình Hòa Phước
87|Đồng Tháp|1601|34|Hòa Thuận, Mỹ Phú, Tân Quy Đông/Tân Khánh Đông, Tịnh Thới
89|An Giang|1909|35|Mỹ Bình, Mỹ Long, Núi Sam/Mỹ Hòa Hưng, Văn Giáo
91|Kiên Giang|1752|37|Vĩnh Thanh, Rạch Sỏi, Dương Đông/Phi Thông, Gành Dầu
92|Cần Thơ|1247|36|Cái Khế, An Khánh, Xuân Khánh/Mỹ Khánh, Nhơn Ái
93|Hậu Giang|729|36|Ngã Bảy, Hiệp Thành, Thuận An/Vị Tân, Hỏa Tiến
94|Sóc Trăng|1207|36|Khánh Hòa, Vĩnh Phước/Đại Tâm, Phú Tâm
95|Bạc Liêu|919|38|Nhà Mát, Hộ Phòng, Láng Tròn/Hiệp Thành, Vĩnh Trạch Đông
96|Cà Mau|1208|38|Tân Xuyên, Tân Thành/Đất Mũi, Lý Văn Lâm
"""


def _province(line: str) -> tuple[Province, float]:
    code, name, thousands, old_card, places = line.split("|")
    hospital = f"Bệnh viện đa khoa {'' if code in _CITIES else 'tỉnh '}{name}"
    wards = tuple(
        Ward(f"Trạm y tế {ward}, {name}", hospital, f"Điểm tiêm lưu động {ward}, {name}")
        for kind, listed in zip(("phường", "xã"), places.split("/"), strict=True)
        for ward in (f"{kind} {bare.strip()}" for bare in listed.split(","))
    )
    return Province(code, name, old_card, wards), float(thousands)


PROVINCES = Weighted(map(_province, _TABLE.strip().splitlines()))
"""Drawn as often as people live there."""
