// SPDX-License-Identifier: GPL-3.0-or-later
// Where a person goes in the attention panel: down to a head and a row, up again, back and forward.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/attention_stage.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/modality_page.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/starred_heads.h"
#include "widgets/common/run_text.h"

#include <QAction>
#include <QScrollArea>
#include <QScrollBar>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxHistory = 100;

/// In a low window the map is what was opened; elsewhere all is in sight, and nothing moves.
void bringIntoSight(const AttentionPanel &panel, const QWidget &stage)
{
    if (const auto *scroll = panel.findChild<QScrollArea *>(u"attentionScroll"_s))
        scroll->verticalScrollBar()->setValue(stage.y());
}

} // namespace

void AttentionPanel::replacePlace(const AttentionPlace &next)
{
    AttentionPlace &here = m_history[size_t(m_historyAt)];
    if (here == next) return;
    if (here.head != next.head || here.overlay != next.overlay || here.pinnedToken != next.pinnedToken)
        dropAblation();
    here = next;
    scheduleRefresh();
    Q_EMIT placeChanged();
}

void AttentionPanel::goTo(const AttentionPlace &next)
{
    if (place() == next) return;
    const AttentionPlace before = place();
    m_history.resize(size_t(m_historyAt) + 1);
    m_history.push_back(before);
    if (m_history.size() > kMaxHistory) m_history.erase(m_history.begin());
    m_historyAt = int(m_history.size()) - 1;
    replacePlace(next);
    tellSelection();
}

void AttentionPanel::moveInHistory(int by)
{
    const int next = m_historyAt + by;
    if (next < 0 || next >= std::ssize(m_history)) return;
    m_historyAt = next;
    dropAblation();
    scheduleRefresh();
    tellSelection();
    Q_EMIT placeChanged();
}

void AttentionPanel::openHead(const HeadRef &head)
{
    AttentionPlace next = place();
    next.level = StageLevel::Head;
    next.head = head;
    next.overlay.clear();
    goTo(next);
    flush();
    bringIntoSight(*this, *m_stage);
    m_stage->head()->view()->setFocus(Qt::OtherFocusReason);
}

void AttentionPanel::openOverlay()
{
    const std::vector<HeadRef> &selected = m_stage->overview()->view()->selected();
    if (selected.size() < 2) return;
    AttentionPlace next = place();
    next.level = StageLevel::Head;
    next.head = selected.front();
    next.overlay = selected;
    goTo(next);
    flush();
    bringIntoSight(*this, *m_stage);
    m_stage->head()->view()->setFocus(Qt::OtherFocusReason);
}

void AttentionPanel::stepHead(int by)
{
    const OverviewScene &scene = m_stage->overview()->view()->scene();
    const int index = scene.indexOf(place().head);
    if (index < 0) return;
    AttentionPlace next = place();
    next.head = scene.tiles()[size_t(std::clamp(index + by, 0, int(scene.tiles().size()) - 1))].head;
    next.overlay.clear();
    goTo(next);
}

void AttentionPanel::up()
{
    AttentionPlace next = place();
    if (next.pinnedToken >= 0)
        next.pinnedToken = -1;
    else if (next.level != StageLevel::Overview) {
        next.level = StageLevel::Overview;
        next.overlay.clear();
    }
    goTo(next);
    if (next.level == StageLevel::Overview) {
        flush();
        m_stage->overview()->view()->setFocus(Qt::OtherFocusReason);
    }
}

void AttentionPanel::pinToken(int token)
{
    AttentionPlace next = place();
    next.pinnedToken = token == next.pinnedToken ? -1 : token;
    if (next.pinnedToken >= 0) next.level = StageLevel::Head;
    goTo(next);
}

void AttentionPanel::toggleStars()
{
    if (snapshot()) m_stars->toggle(openHeads(), isLiveState(m_status.state));
}

void AttentionPanel::refreshStars()
{
    const std::vector<HeadRef> heads = openHeads();
    const bool isStarred = std::all_of(heads.begin(), heads.end(),
                                       [this](const HeadRef &head) { return m_stars->isStarred(head); });
    m_stage->overview()->view()->setStarred(m_stars->heads());
    bindIcon(m_star, isStarred ? u"star-filled"_s : u"star"_s);
    m_star->setText(heads.size() > 1
                        ? (isStarred ? tr("Take the stars off these heads") : tr("Star these heads"))
                    : isStarred ? tr("Take the star off this head")
                                : tr("Star this head"));
    const QString what =
        m_stars->hasFailed()
            ? tr("The stars of this run could not be read; they are read again when the engine is "
                 "found again or the panel is opened anew")
        : !m_stars->isKnown() ? tr("Which heads of this run have a star is being read")
        : isLiveState(m_status.state)
            ? tr("From the next kept step on the run keeps starred heads at more steps than the others, with more "
                 "cells (probes.starred, probes.overview_every)")
            : tr("The run does not train: copies the setting probes.starred for a new run, which keeps "
                 "more cells of starred heads");
    m_star->setToolTip(tr("%1 (S)\n%2").arg(m_star->text(), what));
    // A change sets the whole list, which must be known then.
    m_star->setEnabled(snapshot() && !m_run.isEmpty() && m_stars->isKnown());
}

void AttentionPanel::setLevel(StageLevel level)
{
    AttentionPlace next = place();
    next.level = level;
    if (level != StageLevel::Head) next.overlay.clear();
    goTo(next);
    flush();
    QWidget *view = level == StageLevel::Modalities ? m_stage->modalities()->view()
                                                    : static_cast<QWidget *>(m_stage->overview()->view());
    if (level != StageLevel::Head) view->setFocus(Qt::OtherFocusReason);
}

AttentionLook AttentionPanel::look() const { return m_stage->head()->look(); }

void AttentionPanel::setLook(const AttentionLook &look)
{
    if (look == this->look()) return;
    m_stage->head()->setLook(look);
    scheduleRefresh();
}

void AttentionPanel::setLeastLimits(const DifferenceLimits &limits)
{
    if (limits == m_leastLimits) return;
    m_leastLimits = limits;
    scheduleRefresh();
}

DifferenceLimits AttentionPanel::limits() const
{
    DifferenceLimits limits;
    const HeadFigure &map = m_stage->head()->view()->whole();
    if (map.legend().scale.isDifference) limits.map = map.ownLimit();
    const OverviewScene &all = m_stage->overview()->view()->scene();
    if (all.legend().scale.isDifference) limits.overview = all.ownLimit();
    return limits;
}

void AttentionPanel::setDifference(bool isDifference)
{
    if (isDifference == m_isDifference) return;
    m_isDifference = isDifference;
    m_scrubber->setDifference(isDifference);
    scheduleRefresh();
    Q_EMIT lookChanged();
}

void AttentionPanel::choosePrompt(int prompt)
{
    m_prompts->setPrompt(prompt);
    if (m_prompts->prompt() == prompt) onPromptChosen(prompt);
}

int AttentionPanel::numTokens() const
{
    const SnapshotPtr now = snapshot();
    return now ? int(now->report.tokens.size()) : 0;
}

} // namespace orrery::ui
