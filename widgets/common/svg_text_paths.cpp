// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/svg_text_paths.h"

#include <QFont>
#include <QGlyphRun>
#include <QHash>
#include <QPainterPath>
#include <QRawFont>
#include <QRegularExpression>
#include <QStringList>
#include <QTextLayout>
#include <QTextOption>

#include <algorithm>
#include <cmath>
#include <optional>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Glyphs are laid out and drawn at this size: whole numbers are fine enough then, and no grid of pixels moves them.
constexpr int kUnits = 1'000;
constexpr double kNoWidth = 1e7; ///< a line is never broken

/// Numbers of a path, relative to where it is: whole ones, apart only where they must be.
class PathText {
public:
    explicit PathText(const QPainterPath &path)
    {
        for (int i = 0; i < path.elementCount(); ++i) {
            const QPainterPath::Element &element = path.elementAt(i);
            if (element.type == QPainterPath::CurveToElement && i + 2 < path.elementCount()) {
                addCurve(element, path.elementAt(i + 1), path.elementAt(i + 2));
                i += 2;
            } else {
                addPoint(element.type == QPainterPath::MoveToElement ? 'm' : 'l', element);
            }
        }
        if (!m_text.isEmpty()) m_text += 'z';
    }
    [[nodiscard]] const QByteArray &text() const { return m_text; }

private:
    void addPoint(char command, QPointF to)
    {
        const QPoint rounded = to.toPoint();
        if (command == 'm') {
            if (!m_text.isEmpty()) {
                m_text += 'z';
                m_here = m_start; // where the closed stretch began
            }
            m_start = rounded;
        }
        begin(command);
        add(rounded);
        m_here = rounded;
        m_exact = to;
    }
    void addCurve(QPointF first, QPointF second, QPointF to)
    {
        // Fonts of TrueType have curves with one control point, which Qt raises to two.
        const QPointF single = (3 * first - m_exact) / 2, other = (3 * second - to) / 2;
        const bool isQuadratic = std::abs(single.x() - other.x()) < 1 && std::abs(single.y() - other.y()) < 1;
        begin(isQuadratic ? 'q' : 'c');
        if (isQuadratic) {
            add(((single + other) / 2).toPoint());
        } else {
            add(first.toPoint());
            add(second.toPoint());
        }
        add(to.toPoint());
        m_here = to.toPoint();
        m_exact = to;
    }
    void begin(char command)
    {
        if (command != m_command || command == 'm') {
            m_text += command;
            m_needsGap = false;
        }
        m_command = command;
    }
    void add(QPoint to)
    {
        for (const int number : {to.x() - m_here.x(), to.y() - m_here.y()}) {
            if (m_needsGap && number >= 0) m_text += ' ';
            m_text += QByteArray::number(number);
            m_needsGap = true;
        }
    }

    QByteArray m_text;
    QPoint m_here, m_start;
    QPointF m_exact;
    char m_command = 0;
    bool m_needsGap = false;
};

/// One <text> of the generator.
struct WrittenText {
    QString words;
    QString color, opacity;
    QPointF place;
    double size = 0; ///< in pixels
    double end = 0;  ///< x behind the last glyph
    QFont font;      ///< of kUnits
};

QString plain(const QString &escaped)
{
    QString text = escaped;
    return text.replace(u"&lt;"_s, u"<"_s).replace(u"&gt;"_s, u">"_s).replace(u"&quot;"_s, u"\""_s).replace(u"&amp;"_s, u"&"_s);
}

std::optional<WrittenText> readText(const QString &attributes, const QString &content)
{
    static const QRegularExpression one(uR"re(([\w:-]+)="([^"]*)")re"_s);
    QHash<QString, QString> all;
    for (auto found = one.globalMatch(attributes); found.hasNext();) {
        const QRegularExpressionMatch match = found.next();
        all.insert(match.captured(1), plain(match.captured(2)));
    }
    WrittenText text;
    bool hasX = false, hasY = false, hasSize = false;
    text.place = {all.value(u"x"_s).toDouble(&hasX), all.value(u"y"_s).toDouble(&hasY)};
    text.size = all.value(u"font-size"_s).toDouble(&hasSize);
    if (!hasX || !hasY || !hasSize || !(text.size > 0)) return std::nullopt;
    text.words = plain(content);
    text.color = all.value(u"fill"_s);
    text.opacity = all.value(u"fill-opacity"_s);
    text.font = QFont(all.value(u"font-family"_s));
    text.font.setPixelSize(kUnits);
    if (const int weight = all.value(u"font-weight"_s).toInt(); weight > 0) text.font.setWeight(QFont::Weight(weight));
    text.font.setItalic(all.value(u"font-style"_s, u"normal"_s) != u"normal");
    return text;
}

class TextOutliner {
public:
    /// The text as uses of glyphs; nothing where one of them has no outline. Sets where it ends.
    std::optional<QString> outlined(WrittenText &text)
    {
        QTextLayout layout(text.words, text.font);
        QTextOption option(Qt::AlignLeft | Qt::AlignAbsolute);
        option.setWrapMode(QTextOption::NoWrap);
        layout.setTextOption(option);
        layout.beginLayout();
        QTextLine line = layout.createLine();
        if (line.isValid()) line.setLineWidth(kNoWidth);
        layout.endLayout();
        if (!line.isValid()) return std::nullopt;
        text.end = text.place.x() + line.naturalTextWidth() * text.size / kUnits;
        QString uses;
        qsizetype numDrawn = 0;
        for (const QGlyphRun &run : line.glyphRuns()) {
            const QRawFont font = run.rawFont();
            const QList<quint32> indexes = run.glyphIndexes();
            const QList<QPointF> positions = run.positions();
            for (qsizetype i = 0; i < indexes.size(); ++i) {
                const QString id = glyph(font, indexes[i]);
                if (id.isEmpty()) continue;
                ++numDrawn;
                const QPoint at = (positions[i] - QPointF(0, line.ascent())).toPoint();
                uses += u"<use xlink:href=\"#%1\""_s.arg(id);
                if (at.x() != 0) uses += u" x=\"%1\""_s.arg(at.x());
                if (at.y() != 0) uses += u" y=\"%1\""_s.arg(at.y());
                uses += u"/>"_s;
            }
        }
        // Marks and ligatures make fewer or more glyphs than characters; a text of which nothing is drawn has none.
        const bool hasInk = std::any_of(text.words.cbegin(), text.words.cend(), [](QChar c) { return !c.isSpace(); });
        if (hasInk && (numDrawn == 0 || m_isIncomplete)) {
            m_isIncomplete = false;
            return std::nullopt;
        }
        const auto number = [](double value) { return QString::number(value, 'g', 6); };
        return u"<g fill=\"%1\" fill-opacity=\"%2\" stroke=\"none\" transform=\"translate(%3 %4) scale(%5)\" "
               "aria-label=\"%6\">%7</g>\n"_s.arg(text.color, text.opacity, number(text.place.x()), number(text.place.y()),
                                                   number(text.size / kUnits), text.words.toHtmlEscaped(), uses);
    }
    [[nodiscard]] const QString &definitions() const { return m_definitions; }

private:
    /// Id of its path; empty: it has none, as a space.
    QString glyph(const QRawFont &font, quint32 index)
    {
        const QString key = u"%1/%2/%3/%4"_s.arg(font.familyName()).arg(font.weight()).arg(int(font.style())).arg(index);
        if (const auto known = m_ids.constFind(key); known != m_ids.constEnd()) {
            m_isIncomplete |= known->isNull();
            return *known;
        }
        const QPainterPath path = font.pathForGlyph(index);
        const bool isDrawn = !font.boundingRect(index).isEmpty();
        QString id = path.isEmpty() ? isDrawn ? QString() : u""_s : u"g%1"_s.arg(m_numGlyphs++);
        if (!path.isEmpty())
            m_definitions += u"<path id=\"%1\" d=\"%2\"/>\n"_s.arg(id, QString::fromLatin1(PathText(path).text()));
        m_isIncomplete |= id.isNull();
        m_ids.insert(key, id);
        return id;
    }

    QHash<QString, QString> m_ids; ///< by font and glyph; null: pixels without an outline
    QString m_definitions;
    int m_numGlyphs = 0;
    bool m_isIncomplete = false;
};

/// What is written, in the order of the drawing. Scripts and signs of one line are texts of their own there.
class WordList {
public:
    void add(const WrittenText &text)
    {
        const bool goesOn = std::abs(text.place.y() - m_last.place.y()) < 0.01 && std::abs(text.place.x() - m_last.end) < text.size / 2;
        if (!goesOn || m_words.isEmpty()) m_words << QString();
        m_words.back() += text.words;
        m_last = text;
    }
    [[nodiscard]] QString text() const
    {
        QStringList shown;
        for (const QString &words : m_words)
            if (const QString trimmed = words.trimmed(); !trimmed.isEmpty()) shown << trimmed;
        return shown.join(u" · "_s);
    }

private:
    QStringList m_words;
    WrittenText m_last;
};

} // namespace

QByteArray withTextAsPaths(const QByteArray &svg, const QString &title)
{
    static const QRegularExpression texts(u"<text ([^>]*)>(.*?)</text>\\n?"_s, QRegularExpression::DotMatchesEverythingOption);
    static const QRegularExpression fonts(
        uR"re( ?font-(?:family|size|weight|style)="[^"]*")re"_s); // of groups: nothing in them is text any more
    static const QRegularExpression head(u"<(title|desc)>.*?</\\1>\\n?"_s, QRegularExpression::DotMatchesEverythingOption);
    QString whole = QString::fromUtf8(svg);
    // The generator's own are of Qt, and a title is not escaped.
    if (const qsizetype end = whole.indexOf(u"<defs>"_s); end > 0) whole.replace(0, end, whole.left(end).remove(head));
    TextOutliner outliner;
    QString made;
    WordList words;
    qsizetype done = 0;
    for (auto found = texts.globalMatch(whole); found.hasNext();) {
        const QRegularExpressionMatch match = found.next();
        made += whole.mid(done, match.capturedStart() - done).remove(fonts);
        done = match.capturedEnd();
        std::optional<WrittenText> text = readText(match.captured(1), match.captured(2));
        const std::optional<QString> outlined = text ? outliner.outlined(*text) : std::nullopt;
        made += outlined.value_or(match.captured());
        if (text) words.add(*text);
    }
    made += whole.mid(done).remove(fonts);
    const qsizetype at = made.indexOf(u'>', made.indexOf(u"<svg"_s)) + 1;
    if (at <= 0) return svg;
    QString begin = u"\n<title>%1</title>\n"_s.arg(title.toHtmlEscaped());
    if (const QString all = words.text(); !all.isEmpty()) begin += u"<desc>%1</desc>\n"_s.arg(all.toHtmlEscaped());
    if (!outliner.definitions().isEmpty()) begin += u"<defs>\n%1</defs>\n"_s.arg(outliner.definitions());
    made.insert(at, begin);
    return made.toUtf8();
}

} // namespace orrery::ui
