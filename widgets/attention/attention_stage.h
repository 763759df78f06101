// SPDX-License-Identifier: GPL-3.0-or-later
// Shares the room between overview, map and side list: all three beside each other where there is room, else
// what the level needs. The modalities have it for themselves. GUI thread only.
#pragma once

#include "widgets/attention/attention_place.h"

#include <QWidget>

namespace orrery::ui {

class HeadPage;
class HeadSide;
class ModalityPage;
class OverviewPage;

class AttentionStage : public QWidget {
    Q_OBJECT
public:
    explicit AttentionStage(QWidget *parent = nullptr);
    [[nodiscard]] OverviewPage *overview() const { return m_overview; }
    [[nodiscard]] HeadPage *head() const { return m_head; }
    [[nodiscard]] HeadSide *side() const { return m_side; }
    [[nodiscard]] ModalityPage *modalities() const { return m_modalities; }
    void setLevel(StageLevel level);
    /// After new content: the parts may want other widths.
    void arrange();
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void place(QWidget *widget, int left, int width);

    OverviewPage *m_overview;
    HeadPage *m_head;
    HeadSide *m_side;
    ModalityPage *m_modalities;
    StageLevel m_level = StageLevel::Overview;
};

} // namespace orrery::ui
