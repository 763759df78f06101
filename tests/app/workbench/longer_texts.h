// SPDX-License-Identifier: GPL-3.0-or-later
// A language in which every text is 40 % longer than in English, each in the way of its own: words get longer, and where
// that is not enough there are more of them. What stands in the window without a mark of it did not pass tr(). GUI thread only.
#pragma once

#include <QTranslator>

namespace orrery::ui {

using namespace Qt::StringLiterals;

class LongerTexts : public QTranslator {
public:
    static constexpr QChar kMark = u'ö'; ///< in no text of the program

    [[nodiscard]] bool isEmpty() const override { return false; }
    QString translate(const char *context, const char *text, const char *, int) const override
    {
        if (QLatin1String(context) == "QShortcut"_L1) return {}; // names of keys are those on the keyboard
        const QString given = QString::fromUtf8(text);
        const qsizetype numMore = (numLetters(given) * 2 + 4) / 5;
        if (numMore == 0) return given; // "%1 · %2"
        // Before what ends it: a colon, an ellipsis, a file filter, a closing tag.
        qsizetype end = given.size();
        if (const qsizetype filter = given.indexOf(u" (*"_s); filter > 0) end = filter;
        if (const qsizetype key = given.indexOf(u'\t'); key > 0) end = std::min(end, key);
        while (end > 0 && !given[end - 1].isLetter()) --end;
        if (end > 1 && given[end - 2] == u'%') end = given.indexOf(u'%') > 0 ? given.indexOf(u'%') : 0; // "%n"
        QString more;
        const bool isOneWord = !given.trimmed().contains(u' ');
        for (qsizetype i = 0; i < numMore; ++i) {
            if (!isOneWord && i % 7 == 0) more += u' ';
            more += kMark;
        }
        if (end == 0) more = more.trimmed() + u' ';
        return given.left(end) + more + given.mid(end);
    }

private:
    /// Without tags and places for numbers.
    static qsizetype numLetters(const QString &text)
    {
        qsizetype count = 0;
        bool isTag = false;
        for (qsizetype i = 0; i < text.size(); ++i) {
            if (text[i] == u'<') isTag = i + 1 < text.size() && (text[i + 1].isLetter() || text[i + 1] == u'/');
            if (!isTag && text[i].isLetterOrNumber() && !(i > 0 && text[i - 1] == u'%')) ++count;
            if (text[i] == u'>') isTag = false;
        }
        return count;
    }
};

} // namespace orrery::ui
