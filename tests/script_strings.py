"""Random strings of many scripts, with what pre-tokenizers cut at."""
# First and last characters of twenty scripts.
SCRIPTS = [
    ("Latin", 0x41, 0x24F), ("Greek", 0x370, 0x3FF), ("Cyrillic", 0x400, 0x4FF),
    ("Armenian", 0x531, 0x58A), ("Hebrew", 0x591, 0x5F4),
    ("Arabic", 0x600, 0x6FF), ("Devanagari", 0x900, 0x97F),
    ("Bengali", 0x980, 0x9FE), ("Gurmukhi", 0xA01, 0xA76),
    ("Tamil", 0xB82, 0xBFA), ("Telugu", 0xC00, 0xC7F), ("Thai", 0xE01, 0xE5B),
    ("Tibetan", 0xF00, 0xFDA), ("Burmese", 0x1000, 0x109F),
    ("Georgian", 0x10A0, 0x10FF), ("Ethiopic", 0x1200, 0x139F),
    ("Khmer", 0x1780, 0x17F9), ("Kana", 0x3041, 0x30FF),
    ("Han", 0x4E00, 0x9FFF), ("Hangul", 0xAC00, 0xD7A3),
    ("Fullwidth", 0xFF01, 0xFF9F), ("Mathematical", 0x1D400, 0x1D7FF),
    ("Symbols", 0x2000, 0x27BF), ("Emoji", 0x1F300, 0x1FAFF),
]
GLUE = ["'s", "'S", "'\u017F", "'ll", "'LL", "'Re", "'t", "'D", "'x", "'", "''",
        " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\n  ", "\u00A0",
        "\u3000", "\u2028", "\x85", "\x0b", "\x07", "1", "12", "123", "1234",
        "20221", "\u00BD", "\u0661\u0662", "\u2167", ".", "...", "!?", "(", "_",
        "/*", "//\n", ";\r\n", "\u0301", "\u200D", "\uFE0F", "-", "a", "The"]


def random_string(rng):
    parts = []
    for _ in range(rng.randint(1, 10)):
        _, first, last = rng.choice(SCRIPTS)
        parts.append("".join(chr(rng.randint(first, last))
                             for _ in range(rng.randint(0, 4))))
        if rng.random() < 0.7:
            parts.append(rng.choice(GLUE))
        if rng.random() < 0.3:
            parts.append(rng.choice(GLUE))
    return "".join(parts)
