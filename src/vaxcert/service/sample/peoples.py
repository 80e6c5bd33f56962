"""Names that do not follow family, middle, given: those of other peoples of Viet Nam, and of foreigners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.service.sample.weighted import Weighted

if TYPE_CHECKING:
    from random import Random

    from vaxcert.service.sample.provinces import Province


@dataclass(frozen=True, slots=True)
class People:
    """What the names of one people are made of; `families` has one empty name where there are none."""

    families: tuple[str, ...]
    male: tuple[str, ...]
    female: tuple[str, ...]

    def name(self, chance: Random, *, is_female: bool) -> tuple[str, str]:
        """Return a family name and given names."""
        return _one(chance, self.families), _one(chance, self.female if is_female else self.male)


@dataclass(frozen=True, slots=True)
class Nation:
    """The people of one nationality: their names, and how their passports are numbered (A is a letter, 9 a digit)."""

    code: str
    passport: str
    latin: People
    own_script: People | None
    """Each name with the passport's spelling behind an equals sign."""


# Where they live, with how many in a hundred bear such names | family names | names of men | names of women
_PEOPLES = """
02 20,10 13,11 25,12 18,14 8,15 7|Giàng, Vàng, Sùng, Thào, Lù, Mùa, Hạng|A Páo, A Chứ, Seo Lử, Mí Nô, A Dơ, Mí Sính|
Thị Mỷ, Thị Súa, Thị Dở, Thị Pà, Thị Chía
04 35,06 25,20 35,08 12,19 3,02 8|Nông, Lộc, Ma, Lương, Hứa, Bế, Chu|Văn Dền, Văn Slấn, Đình Nhì, Văn Pảo|
Thị Slao, Thị Nhình, Thị Pẻng, Thị Chiêm
14 22,11 15,12 12,38 2,40 3|Lò, Cà, Quàng, Tòng, Lường, Vì|Văn Pản, Văn Inh, Văn Ơn, Văn Hặc, Văn Dọn|
Thị Ín, Thị Pâng, Thị Xuân, Thị Hịa, Thị Ưa
10 5,02 5,15 4|Tẩn, Chảo, Phàn, Lý|Láo Lở, Duần Siểu, Chìn Vần, Láo Tả|Mẩy, Mùi Phẩy, Sử Mẩy, Tả Mẩy
66 9|Niê, Ayŭn, Êban, Mlô, Kbuôr, Byă, Hmŏk, Kđoh|Y Blin, Y Bhiŏ, Y Thịnh, Y Khương, Y Djuang, Y Nguên|
H'Ruin, H'Blen, H'Ngăm, H'Wen, H'Yŏn, H'Nuel
64 16|Rơ Châm, Siu, Kpă, Rmah, Ksor, Nay, Rơ Mah|Blăk, Thul, Phơi, Hyưk, Kroih, Blưng|
H'Blưn, H'Pyưi, H'Uyên, Phyan, H'Nhan
62 20|*|A Tỉn, A Phiên, A Đung, A Biu, A Vưt|Y Hlim, Y Ngân, Y Bích, Y Vưn, Y Lêu
67 6,68 4|K', Điểu, Cil, Kon Sơ, Lơ Mu|Brôih, Krêu, Ha Bang, Yôn, Bréo|Ka Mhao, Ka Phin, Ka Nhiêu, Thị Mai Ly
51 4|Đinh, Phạm|Văn Khuýt, Văn Rếch, A Nếch, Văn Xinh|Thị Rốp, Thị Xuýt, Thị Krẻo
49 2,45 5,44 2|Alăng, Bríu, Pơloong, Hồ|Đợi, Văn Pả, Mơn, Văn Kôi|Thị Nhớ, Thị Kăn, Thị Brói
58 7,60 2,89 0.5|Báo, Bá, Đàng, Đạo, Thiên, Lộ, Quảng|Năng Tâm, Xuân Bình, Văn Chuyền, Thanh Phước|
Nữ Kim Loan, Thị Mỹ Tú, Thị Đắp, Nữ Mỹ Lai
84 15,94 14,91 5,95 4,89 2|Thạch, Sơn, Danh, Kim, Kiên, Tăng|Sa Rây, Sô Phal, Na Rinh, Sóc Kha, Thươl, Chanh Đa|
Thị Sa Ron, Sô Phi, Thị Na Ri, Sô Khum, Thị Thươne
"""

# Nationality, weight, form of a passport's number | family names | names of men | names of women, and the same three in
# another script with the passport's spelling, which no table can tell. Cyrillic and Greek names need none.
_NATIONS = """
KR 26 A99999999|Kim,Lee,Park,Choi,Jung|Min Su,Seung Ho,Jun Young|Ji Eun,Soo Jin,Hye Won|김=KIM,이=LEE|
민준=MINJUN,도윤=DOYUN|서연=SEOYEON,지우=JIWOO
CN 22 A99999999|Wang,Li,Zhang,Liu,Chen|Wei,Jianguo,Zhiqiang|Xiaoyan,Fang,Lijuan|王=WANG,陈=CHEN|志强=ZHIQIANG,伟=WEI|
芳=FANG,秀英=XIUYING
JP 14 AA9999999|Sato,Suzuki,Tanaka,Watanabe|Kenji,Hiroshi,Takuya|Yuko,Misaki,Naomi|髙橋=TAKAHASHI,伊藤=ITO|
健=KEN,翔太=SHOTA|美咲=MISAKI,さくら=SAKURA
US 6 999999999|Johnson,Miller,Nguyen,García-López|David,James Earl,Michael|Emily Rose,Ana María,Linda
FR 4 99AA99999|Lefèvre,Bœuf,D'Aubigné,Moreau|Jean-François,Loïc|Aurélie,Zoé
DE 3 A99A99999|Müller,Weiß,von der Lühe,Schröder|Jürgen,Jörg|Käthe,Änne
GB 3 999999999|Smith-Jones,Clarke,Evans|Oliver,Harry|Siân,Charlotte
IE 1 AA9999999|O'Brien,Ó Súilleabháin|Seán|Síle
SE 1 99999999|Åkesson,Öberg|Björn|Åsa
RU 5 999999999|Черных,Долгих,Глинка,Щерба|Сергей,Юрий,Алексей|Мария,Любовь,Наталья
UA 1 AA999999|Шевченко,Ґалаґан|Юхим,Олексій|Євгенія
GR 1 AA9999999|Παπαδόπουλος,Ευαγγέλου|Γεώργιος|Ελένη
IN 4 A9999999|Sharma,Patel,*|Subramaniam,Rahul|Priya,Lakshmi|राव=RAO|अनिल=ANIL|सीता=SITA
TH 3 AA9999999|Srisai,Wongsa|Somchai,Anan|Malee,Suda|แก้วมณี=KAEOMANI|สมชาย=SOMCHAI|สุดา=SUDA
LA 2 AA9999999|Phommachanh,Sisouk|Bounmy,Khamla|Vanna,Noy|ສີສຸກ=SISOUK|ບຸນມີ=BOUNMY|ວັນນາ=VANNA
KH 2 A99999999|Sok,Chan,Chea|Dara,Vuthy|Sophea,Bopha|ចាន់=CHAN|ដារ៉ា=DARA|សុភា=SOPHEA
EG 1 A99999999|Hassan,Ibrahim|Ahmed,Mahmoud|Mona,Fatma|حسن=HASSAN|أحمد=AHMED|منى=MONA
PH 1 A9999999A|Dela Cruz,Santos,Reyes|José,Juan Miguel|Maria Niña,Angelica
"""
_OWN_SCRIPT = 0.2
"""The share of records that have a name in another script where the nation has one: most are copied from passports."""


def _one(chance: Random, values: tuple[str, ...]) -> str:
    return values[int(chance.random() * len(values))]


def _rows(table: str) -> list[str]:
    """Return the rows of *table*: one that ends in a bar goes on in the next line."""
    return table.replace("|\n", "|").strip().splitlines()


def _listed(text: str) -> tuple[str, ...]:
    return tuple("" if item == "*" else item.strip() for item in text.split(","))


def _peoples() -> dict[str, tuple[float, Weighted[People]]]:
    """Return, by code of the province, the share of all of them, and each by its own."""
    living: dict[str, list[tuple[People, float]]] = {}
    for line in _rows(_PEOPLES):
        places, families, male, female = line.split("|")
        people = People(_listed(families), _listed(male), _listed(female))
        for code, hundredths in map(str.split, places.split(",")):
            living.setdefault(code, []).append((people, float(hundredths)))
    return {code: (sum(part for _, part in found) / 100, Weighted(found)) for code, found in living.items()}


def _nation(line: str) -> tuple[Nation, float]:
    head, *names = line.split("|")
    code, weight, passport = head.split()
    latin, own = (tuple(map(_listed, part)) for part in (names[:3], names[3:]))
    return Nation(code, passport, People(*latin), People(*own) if own else None), float(weight)


_BY_PROVINCE = _peoples()
_FOREIGNERS = Weighted(map(_nation, _rows(_NATIONS)))


def people_of(chance: Random, home: Province) -> People | None:
    """Return a people other than the Kinh who live in the province, as often as they are met there; else None."""
    share, peoples = _BY_PROVINCE.get(home.code, (0.0, None))
    if peoples is None or chance.random() >= share:
        return None
    return peoples.at(chance.random())


def foreigner(chance: Random, number: int, *, is_female: bool) -> dict[str, str]:
    """Return the fields of a foreigner that are not as a citizen's, with the passport number made of *number*."""
    nation = _FOREIGNERS.at(chance.random())
    names = nation.own_script
    if names is None or chance.random() >= _OWN_SCRIPT:
        names = nation.latin
    family, given = (name.partition("=") for name in names.name(chance, is_female=is_female))
    return {
        "family_name": family[0],
        "given_name": given[0],
        "family_name_standardised": family[2],
        "given_name_standardised": given[2],
        "citizen_id": _passport(nation.passport, number),
        "nationality": nation.code,
    }


def _passport(form: str, number: int) -> str:
    signs = []
    for sign in reversed(form):
        number, rest = divmod(number, 10 if sign == "9" else 26)
        signs.append(str(rest) if sign == "9" else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest])
    return "".join(reversed(signs))
