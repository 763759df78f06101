// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that the window can do in one list: type a few letters, Enter does it. A part of the window, not
// a window of its own; it gives the focus back to who had it. GUI thread only.
#pragma once

#include "widgets/common/palette_model.h"

#include <QFrame>

class QLineEdit;
class QListView;

namespace orrery::ui {

class ToneLabel;

class CommandPalette : public QFrame {
    Q_OBJECT
public:
    static constexpr int kMaxRecent = 12;

    /// @param window over which it opens
    explicit CommandPalette(QWidget *window);
    /// Asked each time it opens.
    void setSource(std::function<std::vector<PaletteItem>()> source) { m_source = std::move(source); }
    /// Items for what was typed that nobody could list before: a link that was pasted. They come first.
    void setAnswer(std::function<std::vector<PaletteItem>(const QString &text)> answer)
    {
        m_answer = std::move(answer);
    }
    void setRecent(const QStringList &ids) { m_recent = ids.mid(0, kMaxRecent); }
    [[nodiscard]] const QStringList &recent() const { return m_recent; }

    /// @param text to begin with   @param hint what stands in the empty field; empty: as always
    void open(const QString &text = {}, const QString &hint = {});
    [[nodiscard]] QLineEdit *field() const { return m_field; }
    [[nodiscard]] QListView *list() const { return m_list; }
    [[nodiscard]] const PaletteModel &model() const { return *m_model; }

Q_SIGNALS:
    void recentChanged();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void place();
    void search(const QString &text);
    void moveBy(int rows);
    void run(int row);
    void copyCommand(int row);
    void showFoot();
    void giveFocusBack();

    QWidget *m_window;
    QLineEdit *m_field;
    QListView *m_list;
    ToneLabel *m_foot, *m_nothing;
    PaletteModel *m_model;
    std::function<std::vector<PaletteItem>()> m_source;
    std::function<std::vector<PaletteItem>(const QString &)> m_answer;
    std::vector<PaletteItem> m_items;
    QStringList m_recent;
    QPointer<QWidget> m_focusBefore;
    bool m_isClosing = false;
};

} // namespace orrery::ui
