"""Faults of a photo in words that say what to change: Russian for people at the kiosk, and English."""

WORDS: dict[str, tuple[str, str]] = {
    "no_face": ("Лицо не найдено. Нужна фотография, где лицо видно целиком.", "No face found: show the whole face."),
    "several_faces": ("На фотографии несколько лиц. Нужно одно.", "Several faces: only one may be seen."),
    "too_small": ("Лицо слишком мелкое. Подойдите ближе к камере.", "The face is too small: come closer."),
    "cut_off": (
        "Лицо обрезано краем. Поместите лицо в кадр целиком.",
        "The face is cut off by the edge: show all of it.",
    ),
    "dark": ("Слишком темно. Добавьте света спереди.", "Too dark: put more light in front."),
    "bright": ("Лицо засвечено. Уберите яркий свет.", "Overexposed: take the bright light away."),
    "flat_light": ("Мало контраста. Снимите при обычном освещении.", "Low contrast: use ordinary light."),
    "blurred": (
        "Снимок нерезкий. Держите камеру неподвижно и протрите объектив.",
        "Blurred: hold still, clean the lens.",
    ),
    "turned": ("Голова повернута. Смотрите прямо в камеру.", "The head is turned: look straight at the camera."),
    "tilted": ("Голова наклонена. Держите голову прямо.", "The head is tilted: keep it upright."),
    "eyes": ("Глаза закрыты или не видны. Откройте глаза, снимите темные очки.", "Eyes closed or covered: open them."),
    "background_dark": ("Фон темный. Снимите на светлом фоне.", "The background is dark: use a light one."),
    "background_shadow": (
        "Тень на фоне с одной стороны. Осветите ровно и отойдите от стены.",
        "A shadow on one side of the background: light it evenly and step away from the wall.",
    ),
    "background_uneven": ("Фон пестрый. Снимите на ровном фоне.", "The background is busy: use an even one."),
    "file_kind": (
        "Файл не JPEG и не PNG. Сохраните фотографию в JPEG.",
        "Neither JPEG nor PNG: save the photo as JPEG.",
    ),
    "file_size": ("Файл больше 500 КБ. Уменьшите фотографию.", "The file is larger than 500 KB: make it smaller."),
    "missing": ("Файл не открывается.", "The file cannot be opened."),
    "empty": ("Файл пустой. Передайте фотографию заново.", "The file is empty: send the photo again."),
    "broken": ("Файл поврежден. Передайте фотографию заново.", "The file is broken: send the photo again."),
    "format": ("Это не фотография или ее формат неизвестен.", "Not a picture, or of an unknown format."),
    "too_big": ("Файл слишком велик.", "The file is too big."),
}


def russian(code: str) -> str:
    return WORDS[code][0]


def english(code: str) -> str:
    return WORDS[code][1]
