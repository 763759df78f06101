// SPDX-License-Identifier: GPL-3.0-or-later
// What the attention panel shows of its state: overview, map, row, candidates, path, empty states, exports.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/attention_export.h"
#include "widgets/attention/bar_list.h"
#include "widgets/attention/breadcrumbs.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// What the tokens were made of, where the run's spec does not tell.
QString textOf(const std::vector<InspectedToken> &tokens)
{
    std::string bytes;
    for (const InspectedToken &token : tokens)
        if (token.modality == Modality::Text && !isSpecialToken(token.bytes, token.id)) bytes += token.bytes;
    return fromStd(bytes);
}

/// The finer of two pictures of one step.
HeadMatrix finest(const SnapshotPtr &detail, const SnapshotPtr &now, const HeadRef &head)
{
    if (detail)
        if (const AttentionMap *map = mapOf(*detail, head)) return toMatrix(*map);
    const AttentionMap *map = now ? mapOf(*now, head) : nullptr;
    return map ? toMatrix(*map) : HeadMatrix{};
}

} // namespace

std::vector<HeadRef> AttentionPanel::openHeads() const
{
    return place().overlay.size() > 1 ? place().overlay : std::vector<HeadRef>{place().head};
}

OverviewContent AttentionPanel::overviewContent(const SnapshotPtr &now) const
{
    OverviewContent content;
    content.now = now;
    content.base = m_asked ? nullptr : m_feed->base();
    content.isDifference = m_isDifference && content.base;
    content.value = m_stage->head()->value();
    content.scale = m_stage->head()->scale();
    content.sort = m_stage->overview()->sort();
    return content;
}

HeadContent AttentionPanel::headContent(const SnapshotPtr &now) const
{
    HeadContent content;
    content.scale = m_stage->head()->scale();
    content.value = m_stage->head()->value();
    if (!now) return content;
    content.tokens = now->report.tokens;
    const SnapshotPtr base = m_isDifference && !m_asked ? m_feed->base() : nullptr;
    const std::vector<TokenRange> groups = groupTokens(content.tokens, m_stage->head()->granularity());
    const bool isGrouped = m_stage->head()->granularity() != Granularity::Token;
    for (const HeadRef &head : openHeads()) {
        // A difference compares like with like: the kept overview of both steps.
        HeadMatrix matrix = finest(m_asked || base ? nullptr : m_feed->detail(), now, head);
        std::optional<HeadMatrix> before;
        if (base) before = finest(nullptr, base, head);
        if (isGrouped && !matrix.isPooled()) {
            matrix = grouped(matrix, groups);
            if (before) before = grouped(*before, groups);
        }
        if (before) {
            content.baseStep = base->report.step;
            const std::optional<HeadMatrix> change = difference(matrix, *before);
            if (!change) continue;
            matrix = *change;
        }
        if (!matrix.isEmpty()) content.heads.push_back(std::move(matrix));
    }
    // Changes of several heads have two signs and four colours: that is read by nobody.
    if (base && content.heads.size() > 1) content.heads.resize(1);
    return content;
}

void AttentionPanel::refresh()
{
    m_needsRefresh = false;
    m_refreshTimer.stop();
    m_feed->setWantsBase(m_isDifference || m_stage->overview()->sort() == HeadSort::Change);
    m_feed->setWantsDetail(true);
    askForOpenHeads();
    const SnapshotPtr now = snapshot();
    const bool hasPicture = now && !now->report.overview.empty();
    m_pages->setCurrentIndex(hasPicture ? 1 : 0);
    m_foot->setVisible(!m_run.isEmpty() && !m_feed->list().frames().empty());
    m_prompts->setVisible(!m_run.isEmpty());
    if (!m_prompts->hasPrompts() && m_keptShown) m_prompts->setPrompts({textOf(m_keptShown->report.tokens)});
    if (m_prompts->isValidationKept() && m_keptShown && m_feed->prompt() == m_prompts->validationPrompt())
        m_prompts->setValidationText(textOf(m_keptShown->report.tokens));
    if (hasPicture) {
        refreshOverview(now);
        refreshHead(now);
    } else {
        refreshEmpty();
    }
    m_stage->setLevel(place().level);
    refreshCrumbs();
    refreshNext();
    refreshState();
}

void AttentionPanel::refreshOverview(const SnapshotPtr &now)
{
    OverviewPage *page = m_stage->overview();
    page->setContent(overviewContent(now));
    page->setCurrent(place().head);
    // A head that this model does not have.
    if (page->view()->scene().indexOf(place().head) < 0)
        m_history[size_t(m_historyAt)].head = page->view()->current();
}

void AttentionPanel::refreshHead(const SnapshotPtr &now)
{
    HeadPage *page = m_stage->head();
    const HeadMatrix plain = finest(m_asked ? nullptr : m_feed->detail(), now, place().head);
    page->setChoices(!plain.isPooled(), plain.isPooled());
    page->view()->setContent(headContent(now));
    page->view()->setPinnedRow(rowOfToken(place().pinnedToken));
    QStringList names;
    for (const HeadRef &head : openHeads()) names << headTitle(head);
    const HeadSummary *summary = summaryOf(*now, place().head);
    page->setTitle(names.join(u" · "_s),
                   summary && names.size() == 1 ? summarySentence(*summary) : QString());
    m_strip->setTokens(now->report.tokens);
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
            if (token >= 0 && token < std::ssize(weights)) weights[size_t(token)] = head.meanAt(row, column);
    m_strip->setWeights(std::move(weights), figure.legend().scale, head.rows[size_t(row)]);
}

void AttentionPanel::refreshCrumbs()
{
    const AttentionPlace &here = place();
    QStringList path{tr("Attention")};
    if (snapshot() && here.level == StageLevel::Head) {
        if (here.overlay.size() > 1) {
            path << tr("%n heads", nullptr, int(here.overlay.size()));
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
    const bool canAsk = !m_prompts->model().isEmpty() && !m_prompts->text().isEmpty();
    const bool isAsking = m_ablationQuestion->isAsking();
    m_ablate->setText(isAsking                 ? tr("Computing…")
                      : openHeads().size() > 1 ? tr("Without these heads")
                                               : tr("Without this head"));
    m_ablate->setEnabled(now && canAsk && !isAsking);
    m_backToKept->setVisible(m_asked && !m_feed->list().frames().empty());
    if (!now) return;
    const auto labelOf = [&](int64_t token) {
        const auto &tokens = now->report.tokens;
        return token >= 0 && token < std::ssize(tokens) ? tokenLabel(tokens[size_t(token)]) : QString();
    };
    if (m_ablation) {
        const int64_t asked = m_ablationQuestion->request().token;
        m_stage->side()->showAblation(*m_ablation,
                                      labelOf(asked < 0 ? std::ssize(now->report.tokens) - 1 : asked));
    } else {
        m_stage->side()->showCandidates(now->report.candidates, labelOf(now->report.token));
    }
}

void AttentionPanel::refreshState()
{
    QString state;
    if (!m_run.isEmpty() && !m_status.id.empty())
        state = runTitle(m_status) + u" · "_s + runStateLine(m_status, wallNow());
    QString aside;
    if (m_asked) {
        const InspectReport &report = m_asked->report;
        aside = tr("computed on %1, step %2").arg(fromStd(report.model), integerText(report.step));
        state = tr("%1 · exact, step %2").arg(fromStd(report.model), integerText(report.step));
        if (!report.note.empty()) state += u" · "_s + fromStd(report.note);
    }
    if (m_question->isAsking()) state = tr("computing on %1…").arg(m_question->model());
    m_state->setFullText(state);
    m_scrubber->setAside(aside);
    m_scrubber->setRunLive(isLiveState(m_status.state));
    m_export->setEnabled(snapshot() != nullptr);
    m_copyCommand->setEnabled(!m_run.isEmpty() && (m_asked || !m_prompts->text().isEmpty()));
    m_copyCommand->setToolTip(m_run.isEmpty() ? tr("Copy as command")
                                              : tr("Copy as command (of %1)").arg(savedModel()));
}

void AttentionPanel::refreshEmpty()
{
    const bool canAsk = !m_prompts->model().isEmpty() && !m_prompts->text().isEmpty();
    m_emptyAsk->setVisible(!m_run.isEmpty() && canAsk && !m_question->isAsking());
    m_emptyNewRun->setVisible(m_run.isEmpty());
    const bool isOwn = m_isOwnText;
    if (m_run.isEmpty())
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

QString AttentionPanel::title() const
{
    const SnapshotPtr now = snapshot();
    QString text = m_asked ? fromStd(now->report.model) : runTitle(m_status);
    if (now) text += tr(", step %1").arg(integerText(now->report.step));
    QStringList names;
    if (place().level == StageLevel::Head)
        for (const HeadRef &head : openHeads()) names << headTitle(head).toLower();
    return names.isEmpty() ? tr("%1: attention of all heads").arg(text)
                           : text + u": "_s + names.join(u", "_s);
}

FigurePage AttentionPanel::figurePage(OverviewContent &overview, HeadContent &head) const
{
    const SnapshotPtr now = snapshot();
    FigurePage page{.title = title()};
    page.subtitle = rangeLabel(now->report.tokens, {0, std::ssize(now->report.tokens)});
    if (place().level == StageLevel::Head) {
        head = headContent(now);
        page.head = &head;
        page.pinnedRow = rowOfToken(place().pinnedToken);
    } else {
        overview = overviewContent(now);
        page.overview = &overview;
    }
    return page;
}

Result<void> AttentionPanel::save(const QString &path) const
{
    if (!snapshot())
        return Error{ErrorCode::NotFound, "Cannot save a figure: nothing is shown.", "Choose a run first."};
    if (path.endsWith(u".csv"_s, Qt::CaseInsensitive))
        return saveText(table(),
                        path);
    OverviewContent overview;
    HeadContent head;
    return saveFigure(figurePage(overview, head), path);
}

void AttentionPanel::copyImage()
{
    if (!snapshot()) return;
    OverviewContent overview;
    HeadContent head;
    QGuiApplication::clipboard()->setImage(figureImage(figurePage(overview, head)));
}

void AttentionPanel::saveAs()
{
    auto *dialog = new QFileDialog(this, tr("Save the figure or its numbers"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters(
        {tr("Vector figure (*.svg)"), tr("PDF (*.pdf)"), tr("Picture (*.png)"), tr("Table (*.csv)")});
    dialog->setDefaultSuffix(u"svg"_s);
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog](const QString &filter) {
        dialog->setDefaultSuffix(filter.section(u"*."_s, 1).section(u')', 0, 0));
    });
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        if (const Result<void> saved = save(path); !saved.ok()) banner()->showError(saved.error());
    });
    dialog->open();
}

QString AttentionPanel::table() const
{
    if (!snapshot()) return {};
    return place().level == StageLevel::Head ? headCsv(headContent(snapshot()))
                                             : overviewCsv(m_stage->overview()->view()->scene());
}

/// The command line reads saved steps only: the one that is shown, or the newest before it.
QString AttentionPanel::savedModel() const
{
    const QString asked = m_asked ? m_question->model() : QString();
    if (!asked.isEmpty() && !asked.endsWith(u"@live"_s)) return asked;
    const int64_t shown = snapshot() ? snapshot()->report.step : std::numeric_limits<int64_t>::max();
    int64_t saved = -1;
    for (const CheckpointInfo &checkpoint : m_checkpoints)
        if (checkpoint.step <= shown) saved = std::max(saved, checkpoint.step);
    return saved < 0 ? m_run : m_run + u'@' + QString::number(saved);
}

QString AttentionPanel::command() const
{
    const QString text = m_asked ? fromStd(m_question->request().input.prompt) : m_prompts->text();
    // In one word: a text may begin with a dash.
    QStringList arguments{u"inspect"_s, u"attention"_s, savedModel(), u"--prompt="_s + text};
    if (place().level == StageLevel::Head)
        arguments << u"--layer"_s << QString::number(place().head.layer) << u"--head"_s
                  << QString::number(place().head.head);
    return engineCommand(arguments);
}

} // namespace orrery::ui
