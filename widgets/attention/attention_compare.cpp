// SPDX-License-Identifier: GPL-3.0-or-later
// What the attention panel asks besides the answer that it shows: the same of other weights, for the difference,
// and each token by each of the part that is seen, where the map has cells of several.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/asked_base.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/exact_cells.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/scrubber.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int64_t kMaxEdge = AttentionPanel::kMaxEdge;
constexpr double kMaxSeen = double(kMaxEdge) - 2; ///< so that both cut ends of it fit, too

/// The groups that begin or end within it, whole, where there is room for them.
TokenRange wholeGroups(const TokenRange &part, const std::vector<TokenRange> &groups)
{
    TokenRange whole = part;
    for (const TokenRange &group : groups) {
        if (group.begin < part.begin && part.begin < group.end) whole.begin = group.begin;
        if (group.begin < part.end && part.end < group.end) whole.end = group.end;
    }
    return whole.end - whole.begin <= kMaxEdge ? whole : part;
}

/// Some more around what is seen, so that a map can be moved a little before it asks again.
TokenRange widened(double from, double to, double first, double end)
{
    const double size = to - from;
    const double spare = std::clamp((kMaxSeen - size) / 2, 0.0, size / 2);
    return {std::max<int64_t>(static_cast<int64_t>(first), static_cast<int64_t>(from - spare)),
            std::min<int64_t>(static_cast<int64_t>(end), static_cast<int64_t>(to + spare) + 1)};
}

} // namespace

void AttentionPanel::connectComparison()
{
    connect(m_scrubber, &Scrubber::baseChosen, this, &AttentionPanel::setBaseModel);
    connect(m_askedBase, &AskedBase::changed, this, [this] {
        refreshProgress();
        scheduleRefresh();
    });
    connect(m_askedBase, &AskedBase::failed, this, [this](const Error &error) {
        m_failed = Failed::Base;
        banner()->showError(error, tr("Retry"));
        scheduleRefresh();
    });
    connect(m_cells, &ExactCells::answered, this, [this] {
        m_stage->head()->view()->setFine(fineContent());
        refreshChoices();
    });
    connect(m_cells, &ExactCells::stateChanged, this, &AttentionPanel::refreshState);
    connect(m_cells, &ExactCells::stateChanged, this, &AttentionPanel::refreshProgress);
    connect(m_cells, &ExactCells::amountChanged, this, &AttentionPanel::refreshProgress);
    connect(m_askedBase, &AskedBase::amountChanged, this, &AttentionPanel::refreshProgress);
    connect(m_question, &MapsQuestion::amountChanged, this, &AttentionPanel::refreshProgress);
    connect(m_question, &MapsQuestion::stateChanged, this, &AttentionPanel::refreshProgress);
    connect(m_ablationQuestion, &ModelQuestion::stateChanged, this, &AttentionPanel::refreshProgress);
    // The coarse map stays; moving it asks again.
    connect(m_cells, &ExactCells::failed, this, [this](const Error &error) {
        m_failed = Failed::None;
        banner()->showError(error);
    });
}

/// A file that is written goes on whatever is asked meanwhile. Of an answer nothing comes before the model has read all
/// of the text, layer by layer; then its maps do.
void AttentionPanel::refreshProgress()
{
    const auto show = [this](const QString &what, const std::optional<InspectAmount> &amount,
                             std::function<void()> cancel) {
        if (!amount) return setProgress(what, -1, std::move(cancel));
        const QString reading = amount->numMaps == 0 ? ModelQuestion::readingText(amount->reading) : QString();
        if (!reading.isEmpty())
            return setProgress(tr("%1: %2").arg(what, reading), ModelQuestion::readingShare(amount->reading),
                               std::move(cancel));
        if (amount->numWanted == 0) return setProgress(what, -1, std::move(cancel));
        setProgress(tr("%1: %2 of %3 maps have come").arg(what, integerText(amount->numMaps), integerText(amount->numWanted)),
                    amount->share, std::move(cancel));
    };
    if (!m_saving.isEmpty())
        setProgress(tr("Saving %1 …").arg(m_saving), -1);
    else if (m_question->isAsking())
        show(tr("Attention by the weights of %1").arg(titleOf(m_question->model())), m_question->amount(),
             [this] { m_question->cancel(); });
    else if (m_askedBase->isAsking())
        show(tr("The same by the weights of %1, to compare with").arg(titleOf(m_askedBase->model())),
             m_askedBase->amount(), [this] { cancelBase(); });
    else if (m_cells->isAsking())
        show(tr("Exact cells by the weights of %1").arg(titleOf(m_cells->model())), m_cells->amount(),
             [this] { m_cells->forget(); });
    else if (m_ablationQuestion->isAsking())
        show(tr("%1 without the head").arg(titleOf(m_ablationQuestion->model())),
             m_ablationQuestion->amount(), [this] { m_ablationQuestion->cancel(); });
    else
        clearProgress();
}

SnapshotPtr AttentionPanel::base() const { return m_asked ? m_askedBase->find(m_asked) : m_feed->base(); }

bool AttentionPanel::wantsBase() const
{
    return m_isDifference || m_stage->overview()->sort() == HeadSort::Difference;
}

/// Saved steps of the run, newest first, but for the one that answered.
QList<std::pair<QString, QString>> AttentionPanel::baseModels() const
{
    QList<std::pair<QString, QString>> models;
    if (!m_asked || runOfModel(m_askedModel) != m_run) return models;
    for (auto one = m_checkpoints.rbegin(); one != m_checkpoints.rend(); ++one)
        if (const QString model = m_run + u'@' + QString::number(one->step); model != m_askedModel)
            models.append({tr("step %1").arg(integerText(one->step)), model});
    return models;
}

/// The one that was chosen; else the newest before the answer's step.
QString AttentionPanel::baseModel() const
{
    const QList<std::pair<QString, QString>> models = baseModels();
    if (models.isEmpty()) return {};
    for (const auto &[name, model] : models)
        if (model == m_baseModel) return model;
    for (const auto &[name, model] : models)
        if (model.mid(m_run.size() + 1).toLongLong() < m_asked->report.step) return model;
    return models.constFirst().second;
}

void AttentionPanel::setBaseModel(const QString &model)
{
    m_baseModel = model;
    scheduleRefresh();
}

void AttentionPanel::askForBase()
{
    const bool isSeen = place().level != StageLevel::Modalities;
    const bool isWanted = m_asked && isSeen && !m_question->isAsking() && wantsBase();
    const QString model = isWanted ? baseModel() : QString();
    if (model.isEmpty()) return m_askedBase->drop();
    InspectRequest request = m_askedRequest;
    request.input = askedText();
    request.asSaid = false; // other weights have said nothing
    // Of the same rows: those that were said from one state on, or in one context.
    const AttentionMap *map = isSaid() && isWindow() ? mapOf(*m_asked, place().head) : nullptr;
    if (map) request.rows = {map->firstRow, map->firstRow + map->numRows};
    m_askedBase->want(m_asked, model, request);
}

void AttentionPanel::cancelBase()
{
    m_askedBase->cancel();
    setDifference(false);
    if (wantsBase()) m_stage->overview()->setSort(HeadSort::Position);
    scheduleRefresh();
}

void AttentionPanel::refreshBases()
{
    const QList<std::pair<QString, QString>> bases = baseModels();
    QString whyNot;
    if (m_asked && bases.isEmpty()) {
        const QString run = runOfModel(m_askedModel);
        whyNot = run != m_run ? tr("The saved steps of %1 are not listed here: choose its run").arg(run)
                              : tr("The run has no other saved step to compare with");
    }
    m_scrubber->setBases(bases, baseModel(), whyNot);
}

/// The cells of the open head are of several tokens each, those of a part that was asked for besides left out.
bool AttentionPanel::hasCoarseCells() const
{
    const AttentionMap *map = nullptr;
    if (const SnapshotPtr detail = m_asked ? nullptr : m_feed->detail()) map = mapOf(*detail, place().head);
    if (const SnapshotPtr now = snapshot(); now && !map) map = mapOf(*now, place().head);
    return map && (map->rowsPerCell > 1 || map->columnsPerCell > 1);
}

void AttentionPanel::refreshChoices()
{
    const bool isCoarse = hasCoarseCells();
    QString whyNot;
    if (isCoarse && !m_asked)
        whyNot = tr("A kept cell holds several tokens. Ask the model for the exact map.");
    else if (isCoarse && !m_stage->head()->view()->isFine())
        whyNot = tr("A cell holds several tokens here. Zoom in: of a part each token is asked for.");
    m_stage->head()->setChoices(whyNot, isCoarse, isCoarse && m_stage->head()->view()->isFine());
}

/// Exact cells of the part that is seen, where the map has cells of several tokens.
void AttentionPanel::askForCells()
{
    const HeadPage *page = m_stage->head();
    const HeadView *view = page->view();
    if (!m_asked || m_question->isAsking() || view->whole().isEmpty() || !isVisible()) return;
    const HeadMatrix &first = view->whole().content().heads.front();
    const AttentionMap *map = mapOf(*m_asked, first.head);
    if (!map || map->rowsPerCell <= 1 || view->zoom() <= 1) return;
    const QRectF seen = view->shownTokens();
    if (view->isFine() || std::max(seen.width(), seen.height()) > kMaxSeen) return;
    const QRectF all = view->whole().tokenArea();
    const std::vector<TokenRange> groups = groupTokens(m_asked->report.tokens, page->granularity());
    InspectRequest request;
    request.input = askedText();
    request.wantsOverview = false;
    request.heads = openHeads();
    request.rows = wholeGroups(widened(seen.top(), seen.bottom(), all.top(), all.bottom()), groups);
    request.columns = wholeGroups(widened(seen.left(), seen.right(), all.left(), all.right()), groups);
    request.token = m_askedRequest.token; // the same window
    request.asSaid = m_askedRequest.asSaid;
    request.maxEdge = kMaxEdge;
    m_cells->ask(m_askedModel, first.isDifference ? m_askedBase->model() : QString(), request);
}

HeadContent AttentionPanel::fineContent() const
{
    HeadContent content;
    const bool isChange = m_isDifference && base();
    if (!m_asked || !m_cells->has(openHeads(), isChange ? m_askedBase->model() : QString())) return content;
    content.scale = look().scale;
    content.value = look().value;
    content.tokens = m_asked->report.tokens;
    if (m_thumbnails.size() == content.tokens.size()) content.pictures = m_thumbnails;
    content.leastLimit = m_leastLimits.map;
    if (isChange) content.baseStep = base()->report.step;
    const Granularity granularity = m_stage->head()->granularity();
    content.isGrouped = granularity != Granularity::Token;
    content.heads = m_cells->matrices(content.tokens, granularity);
    return content;
}

} // namespace orrery::ui
