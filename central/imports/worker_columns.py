"""Columns of the workers' file, the field of each, and the words that a cell may hold. Pure."""

from central.imports import consents
from central.imports.tables import Columns

NUMBER, NAME, POSITION, EMPLOYER = "Табельный номер", "ФИО", "Должность", "Работодатель"
SNILS, BORN, SEX, CARDS = "СНИЛС", "Дата рождения", "Пол", "Карты"
REMOTE, REASON, STATUS, TOXICOLOGY = "Дистанционный осмотр", "Причина запрета", "Состояние", "Дата ХТИ"
DEPARTMENT, CODE, REGIME, FACTORS = "Подразделение", "Код должности", "Вид осмотров", "Вредные факторы"
SINCE, UNTIL, EXTERNAL, INN = "Принят", "Последний день работы", "Код в системе работодателя", "ИНН"
LICENCE, POST = "Водительское удостоверение", "Строка штатного расписания"
FIELDS = {
    NUMBER: "personnel_number",
    NAME: "full_name",
    POSITION: "position",
    EMPLOYER: "employer_id",
    SNILS: "snils",
    BORN: "birth_date",
    SEX: "sex",
    CARDS: "cards",
    REMOTE: "remote_allowed",
    REASON: "block_text",
    STATUS: "status",
    TOXICOLOGY: "toxicology_at",
    DEPARTMENT: "department",
    CODE: "position_code",
    REGIME: "regime",
    FACTORS: "harm_factors",
    SINCE: "since",
    UNTIL: "until",
    EXTERNAL: "external_id",
    INN: "inn",
    LICENCE: "driving_licence",
    POST: "post_number",
}
"""Field of each column, as `central.registers.worker_rules` calls it."""
HEADING_OF = {field: heading for heading, field in FIELDS.items()}
HEADINGS = (*FIELDS, consents.COLUMN)
NEEDED = (NUMBER, NAME, POSITION, EMPLOYER)
COLUMNS = Columns(
    NEEDED, known=HEADINGS, identifiers=(NUMBER, SNILS, CARDS, CODE, FACTORS, EXTERNAL, INN, LICENCE, POST)
)
WORDS: dict[str, dict[str, str]] = {
    REMOTE: {"да": "yes", "yes": "yes", "1": "yes", "нет": "no", "no": "no", "0": "no"},
    SEX: {
        **{"м": "male", "муж": "male", "мужской": "male", "male": "male"},
        **{"ж": "female", "жен": "female", "женский": "female", "female": "female"},
    },
    REGIME: {
        **{"общий": "general", "general": "general"},
        **{"железнодорожный": "railway", "жд": "railway", "ж/д": "railway", "railway": "railway"},
        **{"иной": "other", "other": "other"},
    },
    STATUS: {
        **{"работает": "active", "active": "active"},
        **{"отстранен": "suspended", "отстранена": "suspended", "suspended": "suspended"},
    },
}
"""What a file may say, folded as names are; other words are faults."""

SAID = {
    REMOTE: ("да", "нет"),
    SEX: ("м", "ж"),
    STATUS: ("работает", "отстранён"),
    REGIME: ("общий", "железнодорожный", "иной"),
}
"""The words to say, of those that are taken."""
