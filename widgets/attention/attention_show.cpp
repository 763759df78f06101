// SPDX-License-Identifier: GPL-3.0-or-later
// What the attention panel shows of its state: overview, map, row, candidates, path, empty states.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/asked_base.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/bar_list.h"
#include "widgets/attention/exact_cells.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/flow_history.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/modality_page.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/next_words.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/said_text.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrapped_label.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QPushButton>
#include <QStackedWidget>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void AttentionPanel::refresh()
{
    m_needsRefresh = false;
    m_refreshTimer.stop();
    m_feed->setWantsBase(wantsBase());
    m_feed->setWantsDetail(true);
    m_feed->setHeads(place().level == StageLevel::Head ? openHeads() : std::vector<HeadRef>());
    askForOpenHeads();
    askForBase();
    const SnapshotPtr now = snapshot();
    const bool hasPicture = now && !now->report.overview.empty();
    m_pages->setCurrentIndex(hasPicture ? 1 : 0);
    m_foot->setVisible(!m_run.isEmpty() && (m_asked || !m_feed->steps().empty()));
    m_prompts->setVisible(!m_run.isEmpty() || m_selectedText);
    if (!m_prompts->hasPrompts() && m_keptShown)
        m_prompts->setPrompts({textOfTokens(m_keptShown->report.tokens)});
    if (m_keptShown && !(m_prompts->isValidationKept() && m_feed->prompt() == m_prompts->validationPrompt()))
        if (m_prompts->hasDocuments() || !exactIds(m_keptShown->report.tokens))
            m_prompts->setDocument(m_feed->prompt(), textOfTokens(m_keptShown->report.tokens));
    if (m_prompts->isValidationKept() && m_keptShown && m_feed->prompt() == m_prompts->validationPrompt())
        m_prompts->setValidationText(textOfTokens(m_keptShown->report.tokens));
    m_prompts->setHasText(chosenText().has_value());
    if (hasPicture) {
        refreshOverview(now);
        refreshModalities(now);
        refreshHead(now);
    } else {
        refreshEmpty();
    }
    m_stage->setLevel(place().level);
    refreshCrumbs();
    refreshStars();
    refreshKeep();
    refreshNext();
    askWaitingAblation();
    refreshState();
    restoreZoom();
    setSummary(sentence());
    Q_EMIT refreshed();
}

void AttentionPanel::refreshOverview(const SnapshotPtr &now)
{
    OverviewPage *page = m_stage->overview();
    const SnapshotPtr all = allHeads(now);
    page->setOtherStep(all == now ? std::nullopt : std::optional(all->report.step));
    page->setContent(overviewContent(now));
    page->setCurrent(place().head);
    // A head that this model does not have.
    if (page->view()->scene().indexOf(place().head) < 0)
        m_history[size_t(m_historyAt)].head = page->view()->current();
}

void AttentionPanel::refreshModalities(const SnapshotPtr &now)
{
    const SnapshotPtr all = allHeads(now);
    const bool hasThem = !now->report.flows.empty() || modalitiesOf(now->report.tokens).size() > 1;
    m_stage->overview()->setHasModalities(hasThem);
    if (place().level != StageLevel::Modalities) return;
    m_stage->modalities()->setContent(all, place().head);
    static const std::vector<FlowPoint> kNone;
    m_stage->modalities()->setHistory(m_isOwnText ? kNone : m_flows->points(), m_flows->isReading());
}

void AttentionPanel::refreshHead(const SnapshotPtr &now)
{
    HeadPage *page = m_stage->head();
    refreshChoices();
    // A map may have a million cells: it is made again only when it is another one.
    Drawn drawn{.now = now,
                .base = m_isDifference ? base() : nullptr,
                .detail = m_asked ? nullptr : m_feed->detail(),
                .baseDetail = m_isDifference && !m_asked ? m_feed->baseDetail() : nullptr,
                .sample = shownSample(now),
                .heads = openHeads(),
                .look = look(),
                .leastLimit = m_leastLimits.map};
    if (hasCoarseCells()) drawn.look.granularity = Granularity::Token; // only more cells of a part are grouped
    if (drawn != m_drawn) {
        const bool isOtherText = drawn.now != m_drawn.now || drawn.sample != m_drawn.sample;
        m_drawn = drawn;
        if (isOtherText) refreshThumbnails(now);
        m_fineGranularity = page->granularity();
        page->view()->setContent(headContent(now), fineContent());
        if (isOtherText) m_strip->setTokens(now->report.tokens);
        if (isOtherText) m_strip->setThumbnails(m_thumbnails);
        m_cellsTimer.start(); // of another head more cells of the same part
    } else if (std::exchange(m_fineGranularity, page->granularity()) != page->granularity()) {
        page->view()->setFine(fineContent());
    }
    refreshChoices();
    refreshMediaNote(now);
    QStringList names;
    for (const HeadRef &head : shownHeads()) names << headTitle(head);
    const HeadSummary *summary = summaryOf(*now, place().head);
    QString below = summary && names.size() == 1 ? summarySentence(*summary) : QString();
    if (const double rounding = page->view()->whole().rounding(); rounding > 0)
        below = tr("Kept in eight bits: a difference below %1 can be rounding")
                    .arg(tr("±%1").arg(significantText(rounding, 2)));
    if (drawn.base && !m_asked && drawn.base->frame == now->frame)
        below = tr("This is the step that is compared with: nothing differs. Go to another one");
    if (drawn.base && !m_asked && page->view()->whole().isEmpty()) // of all heads are kept in larger cells than starred ones
        below = tr("Steps %1 and %2 were kept in cells of different size: compare with another step")
                    .arg(integerText(now->report.step), integerText(drawn.base->report.step));
    if (drawn.base && isSaid() && page->view()->whole().isEmpty())
        below = tr("Step %1 had other tokens of this text before it: compare with another step").arg(integerText(drawn.base->report.step));
    page->setTitle(names.join(u" · "_s), below);
    refreshPinned();
}

void AttentionPanel::refreshPinned()
{
    m_stage->head()->view()->setPinnedRow(rowOfToken(place().pinnedToken));
    m_strip->reveal(place().pinnedToken);
    refreshRow();
}

int AttentionPanel::rowOfToken(int token) const
{
    const HeadFigure &figure = m_stage->head()->view()->figure();
    if (token < 0 || figure.isEmpty()) return -1;
    const std::vector<TokenRange> &rows = figure.content().heads.front().rows;
    for (size_t i = 0; i < rows.size(); ++i)
        if (token >= rows[i].begin && token < rows[i].end) return int(i);
    return -1;
}

void AttentionPanel::refreshRow()
{
    HeadPage *page = m_stage->head();
    const HeadFigure &figure = page->view()->figure();
    const int row = page->view()->activeRow();
    page->setReading(page->view()->cursor().row >= 0 ? figure.reading(page->view()->cursor()) : QString());
    m_stage->side()->showRow(figure, row);
    if (row < 0) {
        m_strip->setWeights({}, {}, {-1, -1});
        return;
    }
    const HeadMatrix &head = figure.content().heads.front();
    std::vector<float> weights(figure.content().tokens.size(), 0.0F);
    for (int column = 0; column < head.width(); ++column)
        for (int64_t token = head.columns[size_t(column)].begin; token < head.columns[size_t(column)].end;
             ++token)
            if (token >= 0 && token < std::ssize(weights))
                weights[size_t(token)] = valueAt(head, figure.content().value, row, column);
    m_strip->setWeights(std::move(weights), figure.legend().scale, head.rows[size_t(row)]);
}

void AttentionPanel::refreshCrumbs()
{
    const AttentionPlace &here = place();
    QStringList path{tr("Attention")};
    if (snapshot() && here.level == StageLevel::Modalities) path << tr("Modalities");
    if (snapshot() && here.level == StageLevel::Head) {
        if (here.overlay.size() > 1) {
            path << tr("%1 heads").arg(here.overlay.size());
        } else {
            path << tr("Layer %1").arg(here.head.layer) << tr("Head %1").arg(here.head.head);
        }
        const HeadFigure &figure = m_stage->head()->view()->figure();
        if (const int row = rowOfToken(here.pinnedToken); row >= 0)
            path << u'“' + figure.rowLabel(row) + u'”';
    }
    m_crumbs->setPath(path);
    m_crumbs->setHistory(m_historyAt > 0, m_historyAt + 1 < std::ssize(m_history));
}

void AttentionPanel::refreshNext()
{
    const SnapshotPtr now = snapshot();
    const bool isAsking = m_ablationQuestion->isAsking();
    const bool canAsk = m_asked || m_prompts->canAsk();
    m_ablate->setToolTip(tr("Computes what the model would say next if this head gave nothing (W)"));
    m_ablate->setText(isAsking                 ? tr("Computing…")
                      : openHeads().size() > 1 ? tr("Without these heads")
                                               : tr("Without this head"));
    m_ablate->setEnabled(now && canAsk && !isAsking);
    m_note->setVisible(place().level != StageLevel::Modalities);
    m_ablate->setVisible(place().level != StageLevel::Modalities);
    m_backToKept->setVisible(m_asked && !m_feed->steps().empty());
    if (now)
        refreshWords(now);
    else
        m_nextWords->cancel();
}

/// What comes behind the row in focus; without one, behind the token that was asked about.
void AttentionPanel::refreshWords(const SnapshotPtr &now)
{
    const std::vector<InspectedToken> &tokens = now->report.tokens;
    const auto behind = [&tokens](int64_t token) {
        if (token < 0 || token >= std::ssize(tokens)) return QString();
        return tr("“%1”, token %2").arg(tokenLabel(tokens[size_t(token)]), integerText(token));
    };
    HeadSide *side = m_stage->side();
    const int64_t wanted = place().level == StageLevel::Head && place().pinnedToken < std::ssize(tokens)
                               ? place().pinnedToken
                               : -1;
    const int64_t told = now->report.token;
    if (m_ablation || wanted < 0 || wanted == told || !m_asked) m_nextWords->cancel();
    if (m_ablation) {
        const int64_t asked = m_ablationQuestion->request().token;
        side->showAblation(*m_ablation, behind(asked < 0 ? std::ssize(tokens) - 1 : asked));
    } else if (wanted < 0 || wanted == told) {
        side->showCandidates(now->report.candidates, behind(told));
    } else if (!m_asked) {
        side->showCandidates(now->report.candidates, behind(told),
                             tr("A kept step holds what comes after its last token alone: ask the model for "
                                "what comes after the row"));
    } else if (const InspectReport *report = m_nextWords->known(now, wanted)) {
        QStringList notes;
        if (report->step != now->report.step) notes << tr("computed at step %1").arg(integerText(report->step));
        if (isSaid() && report->saidWith == SaidWith::NotKept) notes << tr("of the text by itself: its memory is not kept any more");
        side->showCandidates(report->candidates, behind(wanted), notes.join(u"; "_s));
    } else {
        m_nextWords->want(
            now, m_askedModel, [this] { return askedText(); }, wanted);
        const QString whyNot = m_nextWords->whyNot(wanted);
        side->showCandidates({}, behind(wanted), whyNot.isEmpty() ? tr("computing…") : whyNot);
    }
}

QString AttentionPanel::titleOf(const QString &model) const { return modelTitle(model, m_session.runs()); }

void AttentionPanel::refreshState()
{
    QString state, model;
    QStringList said; ///< how a text was read
    if (!m_run.isEmpty() && !m_status.id.empty())
        state = runTitle(m_status) + u" · "_s + runStateLine(m_status, wallNow());
    QString aside;
    if (m_asked) {
        const InspectReport &report = m_asked->report;
        model = fromStd(report.model);
        aside = tr("computed on %1, step %2").arg(titleOf(model), integerText(report.step));
        state = tr("%1 · exact, step %2").arg(titleOf(model), integerText(report.step));
        said << saidNote(report, m_askedRequest.asSaid);
        if (isSaid() && m_isDifference && base()) said << tr("The other step reads the text by itself.");
        said.removeAll(QString());
    }
    const auto tell = [&](const QString &what, const QString &by) {
        model = by;
        state = what.arg(titleOf(by));
    };
    if (m_cells->isAsking()) tell(tr("computing exact cells on %1…"), m_cells->model());
    if (m_askedBase->isAsking()) tell(tr("computing on %1…"), m_askedBase->model());
    if (m_question->isAsking()) tell(tr("computing on %1…"), m_question->model());
    m_saidNote->setSentence(said.join(u' '));
    m_saidNote->setVisible(!said.isEmpty());
    const bool isNamed = titleOf(model) != model; // its hover has the id
    m_state->setProperty("meaning", isNamed ? plainToolTip(model) : QString());
    m_state->setFullText(state);
    m_state->setElideMode(Qt::ElideRight); // makes its hover anew
    m_scrubber->setAside(aside);
    refreshBases();
    m_scrubber->setRunLive(isLiveState(m_status.state));
}

void AttentionPanel::refreshEmpty()
{
    const bool canAsk = m_prompts->canAsk();
    m_emptyAsk->setVisible(!m_run.isEmpty() && canAsk && !m_question->isAsking());
    m_emptyNewRun->setVisible(m_run.isEmpty() && !m_selectedText);
    const bool isOwn = m_isOwnText;
    if (m_run.isEmpty() && !m_selectedText)
        m_empty->setTexts(
            tr("No run is chosen"),
            tr("Here all heads of a model are seen while it learns: which tokens each of them reads."));
    else if (m_question->isAsking())
        m_empty->setTexts(tr("Computing…"), tr("The model reads the text; Esc cancels."));
    else if (m_failed == Failed::Frames)
        m_empty->setTexts(tr("The kept steps could not be read"),
                          tr("Retry above, or ask the model itself."));
    else if (!isOwn && (!m_feed->list().wasRead() || m_feed->isLoading()))
        m_empty->setTexts(tr("Reading the kept steps…"), QString());
    else if (isOwn)
        m_empty->setTexts(
            tr("Ask with an own text"),
            tr("Type a text above. The chosen weights read it, and their exact attention appears here."));
    else
        m_empty->setTexts(
            tr("This run has kept no attention"),
            isLiveState(m_status.state)
                ? tr("The first picture appears when the training reaches its next kept step "
                     "(probes.frames_every; 0 keeps none). The model can be asked at any time.")
                : tr("It was trained without kept steps (probes.frames_every is 0, or an older program). "
                     "A saved step can still be asked."));
}

} // namespace orrery::ui
