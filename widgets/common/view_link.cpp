// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/view_link.h"

#include "core/spec/field_values.h"
#include "widgets/common/number_text.h"

#include <QLocale>
#include <QStringDecoder>
#include <QUrl>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr auto kScheme = "orrery:"_L1;
constexpr qsizetype kMaxWordLength = 64;

Error wrong(QStringView link, const std::string &found)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot open link " + quotedValue(toStd(link.left(200).toString())) + ": " + found,
                 "Copy it again with the link button of a panel."};
}

bool isWord(QStringView word)
{
    const auto isPart = [](QChar c) {
        return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || (c >= u'0' && c <= u'9') ||
               c == u'_' || c == u'-' || c == u'.';
    };
    return !word.isEmpty() && word.size() <= kMaxWordLength && word[0] >= u'a' && word[0] <= u'z' &&
           std::all_of(word.begin(), word.end(), isPart);
}

/// Control characters but for the breaks and tabs that prompts have.
bool hasControls(const QString &text)
{
    return std::any_of(text.begin(), text.end(), [](QChar c) {
        return c.category() == QChar::Other_Control && c != u'\n' && c != u'\t' && c != u'\r';
    });
}

/// @error what is wrong with it, the end of a sentence
Result<QString> decoded(QStringView encoded)
{
    const auto broken = [](std::string what) { return Error{ErrorCode::InvalidInput, std::move(what), ""}; };
    QByteArray bytes;
    bytes.reserve(encoded.size());
    for (qsizetype i = 0; i < encoded.size(); ++i) {
        const QChar c = encoded[i];
        if (c.unicode() <= 0x20 || c.unicode() > 0x7e)
            return broken("a character stands there that must be percent-encoded.");
        if (c != u'%') {
            bytes.append(c.toLatin1());
            continue;
        }
        bool isNumber = false;
        const QStringView digits = encoded.mid(i + 1, 2);
        const int byte = digits.toInt(&isNumber, 16);
        if (digits.size() < 2 || !isNumber || byte < 0 || !digits[0].isLetterOrNumber())
            return broken("\"%" + toStd(digits.toString()) +
                          "\" found, expected % and two hexadecimal digits.");
        bytes.append(char(byte));
        i += 2;
    }
    QStringDecoder utf8(QStringDecoder::Utf8, QStringConverter::Flag::Stateless);
    QString text = utf8(bytes);
    if (utf8.hasError()) return broken("its bytes are no UTF-8.");
    if (hasControls(text)) return broken("control characters found, expected text.");
    return text;
}

QString encoded(const QString &text) { return QString::fromLatin1(QUrl::toPercentEncoding(text, "@/:,")); }

QString valueText(const QVariant &value)
{
    if (value.typeId() == QMetaType::Double || value.typeId() == QMetaType::Float)
        return QString::number(value.toDouble(), 'g', QLocale::FloatingPointShortest);
    return value.toString();
}

void add(QVariantMap &state, const QString &key, const QString &value)
{
    const auto found = state.find(key);
    if (found == state.end())
        state.insert(key, value);
    else
        *found = found->toStringList() << value;
}

} // namespace

QString viewLinkText(const ViewLink &link)
{
    QStringList pairs;
    for (auto it = link.state.begin(); it != link.state.end(); ++it) {
        const bool isList = it->typeId() == QMetaType::QStringList || it->typeId() == QMetaType::QVariantList;
        const QStringList values = isList ? it->toStringList() : QStringList{valueText(*it)};
        for (const QString &value : values)
            if (!value.isEmpty()) pairs << encoded(it.key()) + u'=' + encoded(value);
    }
    const QString head = kScheme + link.panel;
    return pairs.isEmpty() ? head : head + u'?' + pairs.join(u'&');
}

bool isViewLink(QStringView text) { return text.trimmed().startsWith(kScheme, Qt::CaseInsensitive); }

Result<ViewLink> parseViewLink(QStringView text)
{
    const QStringView whole = text.trimmed();
    if (whole.isEmpty())
        return Error{ErrorCode::InvalidInput, "Cannot open a link: nothing found, expected \"orrery:…\".",
                     "Copy one with the link button of a panel."};
    if (whole.size() > kMaxLinkLength)
        return wrong(whole, std::to_string(whole.size()) + " characters found, expected " +
                                std::to_string(kMaxLinkLength) + " or fewer.");
    if (!isViewLink(whole)) return wrong(whole, "expected \"orrery:\" at its beginning.");
    const QStringView rest = whole.mid(kScheme.size());
    const qsizetype question = rest.indexOf(u'?');
    ViewLink link{(question < 0 ? rest : rest.left(question)).toString(), {}};
    if (!isWord(link.panel))
        return wrong(whole,
                     "panel " + quotedValue(toStd(link.panel)) + " found, expected a word like \"curves\".");
    if (question < 0) return link;
    const auto pairs = rest.mid(question + 1).split(u'&', Qt::SkipEmptyParts);
    if (pairs.size() > kMaxLinkValues)
        return wrong(whole, std::to_string(pairs.size()) + " values found, expected " +
                                std::to_string(kMaxLinkValues) + " or fewer.");
    for (const QStringView pair : pairs) {
        const qsizetype equals = pair.indexOf(u'=');
        const QString key = pair.left(std::max<qsizetype>(equals, 0)).toString();
        if (!isWord(key))
            return wrong(whole,
                         quotedValue(toStd(pair.left(80).toString())) + " found, expected \"key=value\".");
        const Result<QString> value = decoded(pair.mid(equals + 1));
        if (!value) return wrong(whole, "in \"" + toStd(key) + "\", " + value.error().message);
        add(link.state, key, *value);
    }
    return link;
}

} // namespace orrery::ui
