// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/attention_stage.h"

#include "widgets/attention/head_page.h"
#include "widgets/attention/head_side.h"
#include "widgets/attention/modality_page.h"
#include "widgets/attention/overview_page.h"
#include "widgets/theme/theme.h"

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kGap = space::kThree, kSmallestHead = 380, kSmallestSide = 210, kLargestSide = 400,
              kLargestOnlySide = 540;

} // namespace

AttentionStage::AttentionStage(QWidget *parent)
    : QWidget(parent), m_overview(new OverviewPage(this)), m_head(new HeadPage(this)),
      m_side(new HeadSide(this)), m_modalities(new ModalityPage(this))
{
    setObjectName(QStringLiteral("attentionStage"));
}

QSize AttentionStage::minimumSizeHint() const { return {420, 210}; }

void AttentionStage::setLevel(StageLevel level)
{
    m_level = level;
    arrange();
}

void AttentionStage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void AttentionStage::place(QWidget *widget, int left, int width)
{
    widget->setVisible(width > 0);
    if (width > 0) widget->setGeometry(left, 0, width, height());
}

void AttentionStage::arrange()
{
    const int room = width();
    place(m_modalities, 0, m_level == StageLevel::Modalities ? room : 0);
    if (m_level == StageLevel::Modalities) {
        for (QWidget *one : std::initializer_list<QWidget *>{m_overview, m_head, m_side}) place(one, 0, 0);
        return;
    }
    const int smallHead = std::max(kSmallestHead, m_head->smallestWidth());
    const int smallOverview = m_overview->smallestWidth();
    const int wideOverview = std::max(smallOverview, m_overview->preferredWidth(height()));
    const int wideHead = std::max(smallHead, m_head->preferredWidth(height()));
    const bool fitsAll = room >= smallOverview + smallHead + kSmallestSide + 2 * kGap;
    int overview = 0, head = 0, side = 0;
    if (fitsAll) {
        side = kSmallestSide;
        int rest = room - side - 2 * kGap;
        // The map is what is looked at: it gets what it can use, then the overview, then the list.
        head = std::min(wideHead, rest - smallOverview);
        overview = std::min(wideOverview, rest - head);
        rest -= head + overview;
        side = std::min(kLargestSide, side + rest);
    } else if (m_level == StageLevel::Overview) {
        const bool fitsMap = room >= smallOverview + smallHead + kGap;
        overview = fitsMap ? std::min(wideOverview, room - smallHead - kGap) : room;
        if (fitsMap) head = std::min(wideHead, room - overview - kGap);
    } else if (room >= smallHead + kSmallestSide + kGap) {
        head = std::min(wideHead, room - kSmallestSide - kGap);
        side = std::min(kLargestOnlySide, room - head - kGap);
    } else {
        head = room;
    }
    int left = 0;
    m_overview->setHasHeadBeside(head > 0);
    place(m_overview, left, overview);
    if (overview > 0) left += overview + kGap;
    place(m_head, left, head);
    if (head > 0) left += head + kGap;
    place(m_side, left, side);
}

} // namespace orrery::ui
