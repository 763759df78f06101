// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of all heads on the screen: scrolls when they do not fit; arrows move, Enter or a double click
// opens the map of the head. And one table, large, with its numbers. GUI thread only.
#pragma once

#include "widgets/attention/modality_grid.h"
#include "widgets/attention/summarized_view.h"

#include <QAbstractScrollArea>

namespace orrery::ui {

class ModalityView : public QAbstractScrollArea, public SummarizedView {
    Q_OBJECT
public:
    explicit ModalityView(QWidget *parent = nullptr);
    void setContent(const SnapshotPtr &now, FlowKind kind);
    [[nodiscard]] const ModalityGrid &grid() const { return m_grid; }
    [[nodiscard]] HeadRef current() const { return m_marks.current; }
    void setCurrent(const HeadRef &head);                     ///< does not signal
    [[nodiscard]] QRectF tileRect(const HeadRef &head) const; ///< in the viewport
    /// "Layer 3, head 2: Text looks at Text 88 %, Image 12 %; …".
    [[nodiscard]] QString sentenceOf(const HeadRef &head) const;
    [[nodiscard]] QString summary() const override;

Q_SIGNALS:
    void currentChanged(const orrery::HeadRef &head);
    void hovered(const QString &sentence); ///< empty: nothing
    void opened(const orrery::HeadRef &head);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void relayout();
    void moveTo(const HeadRef &head);
    [[nodiscard]] HeadRef headAt(const QPointF &position) const;
    [[nodiscard]] QPointF offset() const;

    ModalityGrid m_grid;
    ModalityGridLayout m_layout;
    ModalityGrid::Marks m_marks;
};

/// One table with its numbers and, below, its scale.
class FlowTable : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    FlowTable(const QString &name, FlowKind kind, QWidget *parent = nullptr);
    void setFlow(const ModalityFlow &flow, const FlowScale &scale, std::vector<Modality> modalities);
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] QSize sizeHint() const override { return minimumSizeHint(); }
    /// As large as its numbers need.
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    FlowKind m_kind;
    ModalityFlow m_flow;
    FlowScale m_scale;
    std::vector<Modality> m_modalities;
};

/// "Text looks at Text 88 %, Image 12 %; Image looks at …".
QString flowSentence(const ModalityFlow &flow, FlowKind kind, const std::vector<Modality> &modalities);

} // namespace orrery::ui
