"""Names of the Kinh, the nine in ten: family, middle and given, by sex, time of birth and part of the country.

Family names have their shares in the population. Middle and given names went with the time: Văn and Thị were in most
names of those born before 1980 and are in few of those born since 2000.
"""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING

from vaxcert.service.sample.weighted import ranked, weighted

if TYPE_CHECKING:
    from random import Random

_COHORTS = (1960, 1980, 2000)
"""The years of birth at which the fashion of the tables below changes."""

# One family, two forms: Hoàng and Vũ in the north are Huỳnh and Võ in the south.
_FAMILIES = (
    "Nguyễn 34, Trần 11.5, Lê 9, Phạm 6.6, {} 5.1, Phan 4.5, {} 3.9, Đặng 2.1, Bùi 2, Đỗ 1.4, Hồ 1.3, Ngô 1.3, "
    "Dương 1, Lý 0.5, Đinh 1, Trịnh 0.9, Trương 1.3, Đoàn 0.9, Lương 0.8, Mai 0.7, Cao 0.7, Đào 0.7, Hà 0.6, Tạ 0.6, "
    "Lâm 0.6, Tô 0.5, Chu 0.4, Châu 0.3, Thái 0.3, Lưu 0.4, Phùng 0.3, Quách 0.2, Từ 0.2, Nghiêm 0.2, Vương 0.2, "
    "Kiều 0.2, La 0.2, Tôn 0.1, Ưng 0.1, Ứng 0.1"
)
_NORTHERN, _SOUTHERN = weighted(_FAMILIES.format("Hoàng", "Vũ")), weighted(_FAMILIES.format("Huỳnh", "Võ"))

_MALE_MIDDLES = (
    weighted(
        "Văn 62, Xuân 5, Đình 5, Ngọc 4, Hữu 4, Đức 4, Quang 3, Công 3, Bá 2, Trọng 1.5, Thế 1.5, Minh 1.5, Viết 1, "
        "Khắc 1, Duy 1, Như 0.5"
    ),
    weighted(
        "Văn 48, Ngọc 6, Đức 6, Xuân 5, Quang 5, Hữu 5, Thanh 4, Đình 4, Minh 4, Công 3, Quốc 3, Hoàng 2, Thế 2, "
        "Trọng 2, Viết 1, Bá 1, Duy 1, Anh 1"
    ),
    weighted(
        "Văn 30, Đức 8, Minh 7, Quang 6, Hoàng 6, Ngọc 5, Thanh 5, Quốc 5, Hữu 5, Anh 4, Duy 4, Xuân 3, Công 3, "
        "Đình 3, Tuấn 2, Thế 2, Trung 1, Nhật 1, Việt 1, Bá 1"
    ),
    weighted(
        "Minh 12, Gia 9, Văn 8, Đức 8, Hoàng 8, Anh 6, Quốc 6, Quang 5, Tuấn 5, Nhật 4, Thành 4, Bảo 4, Khánh 3, "
        "Duy 3, Ngọc 3, Đăng 3, Hải 2, Trung 2, Thiên 2, Phúc 2, Hữu 2, Hoàng Minh 1, Hoàng Gia 1, Nguyên 1"
    ),
)
_FEMALE_MIDDLES = (
    weighted("Thị 88, Ngọc 3, Kim 2.5, Thanh 1.5, Thị Kim 1.5, Bích 1, Thu 1, Minh 0.5, Tuyết 0.5, Mỹ 0.5"),
    weighted(
        "Thị 66, Thị Thanh 3, Thị Kim 3, Thị Thu 3, Thị Ngọc 2, Thị Hồng 2, Ngọc 4, Kim 4, Thanh 3, Thu 2, Bích 2, "
        "Mỹ 2, Hồng 2, Minh 1, Tuyết 1"
    ),
    weighted(
        "Thị 36, Thị Thu 6, Thị Thanh 5, Thị Ngọc 4, Thị Hồng 3, Thị Kim 3, Thị Phương 3, Thị Minh 2, Thị Bích 2, "
        "Thị Mỹ 2, Ngọc 7, Thanh 5, Thu 5, Phương 4, Kim 3, Minh 3, Hoàng 2, Bích 2, Hồng 2, Mỹ 1"
    ),
    weighted(
        "Ngọc 14, Phương 8, Thị 7, Bảo 7, Khánh 7, Minh 6, Thu 5, Gia 5, Thanh 4, Quỳnh 4, Như 4, Thị Thu 3, "
        "Thị Ngọc 3, Hà 3, Thảo 3, Kim 3, Hoàng 2, Mai 2, Tường 2, Yến 2, Ngọc Bảo 2, Ngọc Minh 1, Cẩm 1, Diệu 1, Anh 1"
    ),
)
_MALE_GIVEN = (
    ranked(
        "Minh, Thành, Hùng, Hòa, Bình, Tư, Sơn, Hải, Hai, Long, Ba, Tám, Thắng, Đức, Lợi, Sáu, Phước, Thọ, Lộc, Cường, "
        "Tiến, Chiến, Phúc, Quý, Khánh, Đông, Năm, Bảy, Chính, Kỳ, Nghĩa, Vinh, Tài, Xuân, Ngọc"
    ),
    ranked(
        "Hùng, Dũng, Tuấn, Sơn, Hải, Thành, Minh, Cường, Thắng, Bình, Hà, Hòa, Long, Đức, Tiến, Quang, Thanh, Phương, "
        "Trung, Toàn, Nam, Dương, Vinh, Phong, Chung, Vũ, Lâm, Tâm, Tài, Hiền, Nghĩa, Khanh, Quân, Tùng, Hưng"
    ),
    ranked(
        "Tuấn, Hùng, Anh, Dũng, Tùng, Nam, Hải, Long, Linh, Thắng, Hiếu, Đạt, Trung, Huy, Hưng, Cường, Thành, Tú, Sơn, "
        "Minh, Phong, Toàn, Kiên, Duy, Việt, Quân, Tiến, Trường, Đức, Khoa, Thịnh, Lộc, Vũ, Nhân, Phúc, Luân, Khánh"
    ),
    ranked(
        "Huy, Khang, Bảo, Minh, Phúc, Anh, Khoa, Phát, Đạt, Khôi, Long, Nam, Duy, Quân, Kiệt, Thịnh, Tuấn, Hưng, "
        "Hiếu, Nhân, Trí, Tài, Phong, Nguyên, An, Phú, Thành, Đức, Dũng, Lâm, Khánh, Tiến, Nghĩa, Vinh, Thiên, Hải"
    ),
)
_FEMALE_GIVEN = (
    ranked(
        "Lan, Hoa, Hai, Mai, Liên, Hương, Hồng, Tư, Bé, Năm, Sáu, Ba, Tám, Tuyết, Nga, Nhung, Hiền, Loan, Đào, Sen, "
        "Phượng, Lựu, Cúc, Hạnh, Xuân, Thơm, Bảy, Mận, Hòa, Thu, Vân, Lành, Xoan, Gái"
    ),
    ranked(
        "Hương, Lan, Hoa, Hà, Thủy, Hằng, Nga, Hạnh, Hiền, Mai, Thu, Vân, Liên, Hồng, Phương, Loan, Nhung, Dung, "
        "Yến, Tâm, Thảo, Bình, Anh, Minh, Ngọc, Hòa, Phượng, Oanh, Trinh, Xuân, Thúy, Lý, Lệ, Mỹ, Tuyết"
    ),
    ranked(
        "Hương, Trang, Thảo, Huyền, Linh, Phương, Hà, Anh, Hằng, Thủy, Ngọc, Nhung, Vân, Lan, Yến, Hiền, Hạnh, Giang, "
        "Mai, Nga, Trinh, Ngân, Thúy, Dung, Loan, Oanh, Quyên, Hoa, My, Diễm, Trâm, Tuyền, Hồng, Ánh, Tâm, Chi, Nguyệt"
    ),
    ranked(
        "Anh, Linh, Ngọc, Vy, Nhi, Trang, Hân, Thảo, Trâm, Như, Ngân, My, Châu, Hà, Phương, Quỳnh, Uyên, Chi, Thư, "
        "Mai, Yến, Hương, Giang, Nhung, Tiên, Ly, Trân, Huyền, Khanh, Ánh, Hiền, Diệp, Tâm, Vân, An, Nguyên, Quyên, Ngữ"
    ),
)  # fmt: skip


def vietnamese_name(chance: Random, *, is_female: bool, year: int, is_southern: bool) -> tuple[str, str]:
    """Return the family name and the given names of somebody born in *year*."""
    cohort = bisect(_COHORTS, year)
    middles, given = (_FEMALE_MIDDLES, _FEMALE_GIVEN) if is_female else (_MALE_MIDDLES, _MALE_GIVEN)
    draw = chance.random
    return (_SOUTHERN if is_southern else _NORTHERN).at(
        draw()
    ), f"{middles[cohort].at(draw())} {given[cohort].at(draw())}"
