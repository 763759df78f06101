// SPDX-License-Identifier: GPL-3.0-or-later
// Proposes what may stand for the word at the cursor of a line of several words: filter tokens, tags. Enter
// or a click puts it in, Esc closes the list, typing goes on. GUI thread only; owned by the line.
#pragma once

#include <QObject>
#include <QStringList>

#include <functional>

class QCompleter;
class QLineEdit;
class QStringListModel;

namespace orrery::ui {

class WordCompleter : public QObject {
    Q_OBJECT
public:
    /// @param separator between words; one that is no space keeps spaces within words
    /// @param proposals all that may stand for a word begun like this
    WordCompleter(QLineEdit &line, QChar separator,
                  std::function<QStringList(const QString &word)> proposals);
    [[nodiscard]] QCompleter *completer() const { return m_completer; }

private:
    struct Word {
        qsizetype begin = 0, end = 0;
        QString text;
    };
    [[nodiscard]] Word wordAtCursor() const;
    void propose();
    void accept(const QString &text);

    QLineEdit &m_line;
    const QChar m_separator;
    std::function<QStringList(const QString &)> m_proposals;
    QStringListModel *m_model;
    QCompleter *m_completer;
};

} // namespace orrery::ui
