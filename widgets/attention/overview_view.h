// SPDX-License-Identifier: GPL-3.0-or-later
// The overview of all heads on the screen: scrolls when they do not fit, a head is current, up to four are
// chosen for an overlay. Arrows move, Enter or a click opens, Space or Ctrl+click chooses. GUI thread only.
#pragma once

#include "widgets/attention/overview_scene.h"
#include "widgets/attention/summarized_view.h"

#include <QAbstractScrollArea>

namespace orrery::ui {

class OverviewView : public QAbstractScrollArea, public SummarizedView {
    Q_OBJECT
public:
    static constexpr int kMaxSelected = 4;

    explicit OverviewView(QWidget *parent = nullptr);
    void setContent(const OverviewContent &content);
    [[nodiscard]] const OverviewScene &scene() const { return m_scene; }
    [[nodiscard]] HeadRef current() const { return m_marks.current; }
    void setCurrent(const HeadRef &head); ///< does not signal
    [[nodiscard]] const std::vector<HeadRef> &selected() const { return m_marks.selected; }
    void setStarred(const std::vector<HeadRef> &heads);
    /// Each once, and no more than can be told apart: the first of them. Does not signal.
    void setSelected(const std::vector<HeadRef> &heads);
    [[nodiscard]] QRectF tileRect(const HeadRef &head) const; ///< in the viewport
    [[nodiscard]] QString summary() const override;
    /// What is said of a head: name, entropy and distance.
    [[nodiscard]] QString sentenceOf(const HeadRef &head) const;

Q_SIGNALS:
    void currentChanged(const orrery::HeadRef &head);
    void hovered(const QString &sentence); ///< empty: nothing
    void opened(const orrery::HeadRef &head);
    void selectionChanged();

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void relayout();
    void moveTo(int index);
    void toggle(const HeadRef &head);
    [[nodiscard]] QPointF offset() const;

    OverviewContent m_content;
    OverviewScene m_scene;
    OverviewLayout m_layout;
    OverviewScene::Marks m_marks;
};

} // namespace orrery::ui
