#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: check_texts.py ROOT

Texts for people in the window pass tr(): a literal of two words or more, and a single one that is given to a function
that shows it, stands in tr(), translate() or one of their macros. Looks at widgets/, app/workbench and plugins/*/ui, and
there at literals that are QStrings: QT_NO_CAST_FROM_ASCII keeps the others away from widgets. Free are errors (Error{...},
std::string: engine, terminal and window say them in the same words, which can be searched for), what only developers see
(logs, qFatal, object names), and what EXEMPT names.
Before it looks at ROOT, it is run on sources with known breaches, so that it cannot pass by being blind.
"""
import pathlib
import re
import sys

TRANSLATES = {"tr", "translate", "QT_TR_NOOP", "QT_TRANSLATE_NOOP", "QT_TRANSLATE_NOOP3"}
# Shows what it is given: even a single word is a text.
SHOWS = {"setText", "setFullText", "setToolTip", "setAccessibleName", "setAccessibleDescription", "setTitle", "setWindowTitle",
         "setPlaceholderText", "setStatusTip", "setWhatsThis", "setHelp", "setSummary", "setLabelText", "showMessage", "addAction",
         "addChoice", "addTab", "addMenu", "addButton", "addPlainButton", "addTitleButton", "setTabText", "setTabToolTip",
         "setSuffix", "setHeaderLabels", "makeIconButton", "QLabel", "ToneLabel", "ElidedLabel", "QPushButton", "QCheckBox",
         "QGroupBox", "QRadioButton", "EmptyState", "showText", "addRow", "insertRow", "setInformativeText", "addItem"}
# What it is given nobody is shown.
SILENT = {"qFatal", "qWarning", "qDebug", "qInfo", "logWarning", "logInfo", "logError", "setObjectName", "setProperty", "property",
          "ORRERY_ASSERT", "static_assert", "assert", "Error", "setStyleSheet", "createMethodCall", "SLOT", "SIGNAL",
          "QRegularExpression", "setFamily", "hasFamily", "QDBusMessage", "nodiscard", "setApplicationName", "regex"}
MAKES_TEXT = {"QStringLiteral", "QLatin1String", "QLatin1StringView", "fromUtf8", "fromLatin1", "QString"}
# file -> beginnings of its literals that are in no language or the same in all
EXEMPT = {
    "app/workbench/desktop_notifications.cpp": ["Orrery"],                            # a name
    "app/workbench/connections_dialog.cpp": ["orrery-engine host "],                  # lines for a terminal
    "widgets/common/engine_command.cpp": ["runs ", "inspect attention", " # on the machine"],  # a line for a terminal
    "widgets/common/number_text.cpp": ["yyyy-MM-dd"],                                 # ISO 8601
    "widgets/runs/run_arrangement.cpp": ["ddd d MMM"],                                # a format, filled by QLocale
    "widgets/runs/breakpoint_editor.cpp": ["loss > 4"],                               # as it is typed
    "widgets/theme/theme.cpp": ["Noto Sans"],                                         # a font
    "widgets/attention/attention_export.cpp": ["<image "],                            # SVG
    "widgets/common/svg_text_paths.cpp": ["<use xlink"],                              # SVG
    "plugins/memory/ui/slot_model.cpp": ["token\\tusage"],                            # columns of a file
    # parts of errors
    "plugins/memory/ui/similarity_export.cpp": ["the picture could not be encoded"],
    "widgets/microscope/focus_text.cpp": ["Cannot open the text of the link", "one value", "a token of", "a number from",
                                          "a conversation as JSON", "the document", "the token", "the head"],
}

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^\s()\\]{0,16})\((?P<rawtext>.*?)\)(?P=mark)")
  | (?P<directive>^[ \t]*\#[ \t]*(?:include|error|pragma|if|ifdef|ifndef|elif)[^\n]*)
  | (?P<text>(?:u8|[uUL])?"(?P<inner>(?:[^"\\\n]|\\.)*)")
  | (?P<char>'(?:[^'\\\n]|\\.)+')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<other>[^\s\w])
""", re.X | re.S | re.M)


def translators(source):
    """Macros and functions of a file that end in a translation of what they are given."""
    found = set(re.findall(r"#\s*define\s+(\w+)\([^)]*\)\s+QT_TR", source))
    found |= set(re.findall(r"\b(\w+)\(const char \*\w+[^)]*\)\s*(?:const\s*)?\{\s*return (?:Q\w+::)?(?:tr|translate)\(", source))
    return found


def literals(source):
    """(line, text, names of the calls around it, the innermost first); texts beside each other are one."""
    stack, last, joined, is_qt = [], "", None, False
    for match in TOKEN.finditer(source):
        kind = match.lastgroup if match.lastgroup not in ("mark", "rawtext", "inner") else (
            "raw" if match.group("raw") else "text")
        if kind in ("comment", "directive"):
            continue
        if kind in ("text", "raw"):
            text = match.group("rawtext") if kind == "raw" else match.group("inner")
            if joined:
                joined[1] += text
            else:
                joined = [source.count("\n", 0, match.start()) + 1, text, [name for name in reversed(stack) if name]]
                is_qt = match.group()[0] == "u" or bool(joined[2] and joined[2][0] in MAKES_TEXT)
            last = ""
            continue
        if kind == "name" and joined and match.group() in ("_s", "_L1"):
            is_qt = True
            continue
        if joined:
            if is_qt:
                yield tuple(joined)
            joined = None
        if kind == "name":
            last = match.group()
            continue
        symbol = match.group()
        if symbol in "({":
            stack.append(last)
        elif symbol in ")}" and stack:
            stack.pop()
        last = "" if symbol not in ">&*" else last
    if joined and is_qt:
        yield tuple(joined)


def is_text(text, calls):
    words = re.sub(r"<[^>]*>|\\[nt]|&\w+;|%L?\d+", " ", text)
    if re.search(r"[A-Za-z]{2,}[,;:.…]? +[A-Za-z]{2,}", words):
        return True
    shown = any(call in SHOWS for call in [call for call in calls if call not in MAKES_TEXT][:1])
    return bool(shown and re.search(r"[A-Za-z]{3,}", words) and not re.fullmatch(r"[a-z]+(?:[A-Z]\w*|[-_.:/]\w+)*", words.strip()))


def problems_of(name, source):
    known = TRANSLATES | translators(source)
    for line, text, calls in literals(source):
        if any(call in known for call in calls) or any(call in SILENT for call in calls):
            continue
        if not is_text(text, calls) or any(text.startswith(free) for free in EXEMPT.get(name, ())):
            continue
        yield f"{name}:{line}: \"{text[:70]}\" does not pass tr()"


BREACHES = '''
#include "a b"
#define TEXT(text) QT_TRANSLATE_NOOP("Glossary", text)
QString words(const char *text) { return QCoreApplication::translate("Words", text); }
void f() {
    label->setText(tr("Two words") + u" of three"_s);                        // 1
    label->setText(QStringLiteral("Word"));                                  // 2
    label->setToolTip(isOn ? tr("It is on") : u"It is "
                                              "off"_s);                      // 3
    button(TEXT("A good text"), words("another one"), QCoreApplication::translate("A", "and one"));
    return Error{ErrorCode::Io, "Cannot write it: " + name + " is full.", "Choose another one."};
    qFatal("no such thing"); label->setObjectName(u"theLabel"_s); label->setText(u"%1 · %2"_s);
    box->addItem(tr("Shown"), u"aKey"_s); // and "not this one" here
    const std::string engine = "an error of " + name; const auto text = "two words"_L1; // 4
}
'''


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(problems_of("made-up.cpp", BREACHES))
    if [int(one.split(":")[1]) for one in found] != [6, 7, 8, 14]:
        sys.exit(f"the check itself is broken: of four known breaches it found {found}")
    root = pathlib.Path(sys.argv[1]).resolve()
    folders = [root / "widgets", root / "app/workbench", *sorted(root.glob("plugins/*/ui"))]
    sources = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".cpp", ".h"))
    problems = [one for path in sources for one in problems_of(path.relative_to(root).as_posix(), path.read_text())]
    print("\n".join(problems) or f"{len(sources)} sources: all texts pass tr()")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
