// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of all heads as small multiples, layers downwards, heads to the right: where each stands and how
// they are painted, on the screen and in an export alike. GUI thread only.
#pragma once

#include "widgets/attention/modality_flow.h"

#include <vector>

namespace orrery::ui {

struct ModalityGridLayout {
    double labelWidth = 0, headerHeight = 0, tile = 0, scaleTop = 0, scaleWidth = 0;
    QSizeF size; ///< of everything, the scale included
};

class ModalityGrid {
public:
    void setContent(const SnapshotPtr &now, FlowKind kind);
    [[nodiscard]] bool isEmpty() const { return !m_now || m_now->report.flows.empty() || m_layers == 0; }
    [[nodiscard]] const std::vector<ModalityFlow> &flows() const { return m_now->report.flows; }
    [[nodiscard]] const std::vector<Modality> &modalities() const { return m_modalities; }
    [[nodiscard]] const FlowScale &scale() const { return m_scale; }
    [[nodiscard]] int layers() const { return m_layers; }
    [[nodiscard]] int heads() const { return m_heads; }
    [[nodiscard]] ModalityGridLayout layout(const QSizeF &space, const FigureStyle &style) const;
    [[nodiscard]] QRectF tileRect(const ModalityGridLayout &layout, const HeadRef &head) const;

    struct Marks {
        HeadRef current, hovered{-1, -1};
        bool hasCurrent = false, hasFocus = false;
    };
    void paint(QPainter &painter, const ModalityGridLayout &layout, const Marks &marks,
               const FigureStyle &style) const;

private:
    SnapshotPtr m_now;
    FlowScale m_scale;
    std::vector<Modality> m_modalities;
    int m_layers = 0, m_heads = 0;
};

} // namespace orrery::ui
