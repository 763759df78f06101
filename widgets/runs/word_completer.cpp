// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/word_completer.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QLineEdit>
#include <QStringListModel>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

WordCompleter::WordCompleter(QLineEdit &line, QChar separator,
                             std::function<QStringList(const QString &)> proposals)
    : QObject(&line), m_line(line), m_separator(separator), m_proposals(std::move(proposals)),
      m_model(new QStringListModel(this)), m_completer(new QCompleter(m_model, this))
{
    m_completer->setWidget(&line); // not the line's own: that would replace all of its text
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    m_completer->setMaxVisibleItems(10);
    m_completer->popup()->setObjectName(u"wordProposals"_s);
    m_completer->popup()->setProperty("completions", true); // as the theme frames them
    connect(&line, &QLineEdit::textEdited, this, &WordCompleter::propose);
    connect(m_completer, qOverload<const QString &>(&QCompleter::activated), this, &WordCompleter::accept);
}

WordCompleter::Word WordCompleter::wordAtCursor() const
{
    const QString text = m_line.text();
    const qsizetype cursor = m_line.cursorPosition();
    Word word{0, text.size(), {}};
    bool isQuoted = false;
    for (qsizetype i = 0; i < cursor; ++i) {
        if (text[i] == u'"') isQuoted = !isQuoted;
        if (text[i] == m_separator && !isQuoted) word.begin = i + 1;
    }
    for (qsizetype i = cursor; i < text.size(); ++i)
        if (text[i] == m_separator) {
            word.end = i;
            break;
        }
    while (word.begin < cursor && text[word.begin].isSpace()) ++word.begin;
    word.text = text.mid(word.begin, cursor - word.begin);
    return word;
}

void WordCompleter::propose()
{
    const QStringList proposals = m_proposals(wordAtCursor().text);
    m_model->setStringList(proposals);
    if (proposals.isEmpty())
        m_completer->popup()->hide();
    else
        m_completer->complete();
}

void WordCompleter::accept(const QString &text)
{
    const Word word = wordAtCursor();
    QString line = m_line.text();
    line.replace(word.begin, word.end - word.begin, text);
    const bool isLast = word.begin + text.size() >= line.size();
    // What is still to be finished goes on where it is.
    const bool isBegun = text.endsWith(u':') || text.endsWith(u'<') || text.endsWith(u'>');
    if (isLast && !isBegun) line += m_separator == u' ' ? u" "_s : QString(m_separator) + u' ';
    m_line.setText(line);
    m_line.setCursorPosition(
        static_cast<int>(std::min<qsizetype>(line.size(), word.begin + text.size() + (isLast && !isBegun ? 2 : 0))));
}

} // namespace orrery::ui
