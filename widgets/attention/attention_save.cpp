// SPDX-License-Identifier: GPL-3.0-or-later
// What can be saved and copied of the attention panel: figure, table, arrays. What is large is written by a worker.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/attention_arrays.h"
#include "widgets/attention/attention_export.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/flow_history.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/overview_page.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/run_text.h"
#include "widgets/common/text_export.h"

#include <QFileInfo>
#include <QtConcurrentRun>

#include <memory>
#include <new>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

bool isArrays(const QString &path) { return path.endsWith(u".npz"_s, Qt::CaseInsensitive); }
bool isTable(const QString &path) { return path.endsWith(u".csv"_s, Qt::CaseInsensitive); }

} // namespace

void AttentionPanel::offerExport()
{
    setExport({.fileName = u"attention"_s,
               .figures = {u"svg"_s, u"pdf"_s, u"png"_s},
               .data = {u"csv"_s, u"npz"_s},
               .save = [this](const QString &path) { return saveLater(path); },
               .image = [this] { return image(); },
               .table = [this] { return table(); },
               .isEmpty = [this] { return snapshot() == nullptr; }});
    PanelTools::of(*this)->setSavesLater();
}

QString AttentionPanel::title() const
{
    const SnapshotPtr now = snapshot();
    QString text = m_asked ? fromStd(now->report.model) : runTitle(m_status);
    if (now) text += tr(", step %1").arg(integerText(now->report.step));
    if (isSaid()) text += tr(", as it was said");
    if (now && m_isDifference && base() && place().level != StageLevel::Modalities)
        text += tr(" minus step %1").arg(integerText(base()->report.step));
    QStringList names;
    if (place().level == StageLevel::Head)
        for (const HeadRef &head : shownHeads()) names << headTitle(head).toLower();
    if (place().level == StageLevel::Modalities) return tr("%1: attention between modalities").arg(text);
    return names.isEmpty() ? tr("%1: attention of all heads").arg(text)
                           : text + u": "_s + names.join(u", "_s);
}

/// What stands on the screen: where the map is seen by more cells of a part of it, these.
HeadContent AttentionPanel::takenContent() const
{
    const HeadView *view = m_stage->head()->view();
    return view->isFine() ? view->fine().content() : headContent(snapshot());
}

FigurePage AttentionPanel::figurePage(OverviewContent &overview, HeadContent &head) const
{
    const SnapshotPtr now = snapshot();
    FigurePage page{.title = title()};
    page.subtitle = rangeLabel(now->report.tokens, {0, std::ssize(now->report.tokens)});
    if (place().level == StageLevel::Modalities) {
        page.modalities = now;
    } else if (place().level == StageLevel::Head) {
        head = takenContent();
        page.head = &head;
        page.pinnedRow = rowOfToken(place().pinnedToken);
    } else {
        overview = overviewContent(now);
        page.overview = &overview;
    }
    return page;
}

/// Nothing of the window is needed to write them.
ArraysPage AttentionPanel::arraysPage() const
{
    ArraysPage page{.level = place().level, .now = snapshot(), .base = {}, .content = {}, .history = {}};
    if (place().level == StageLevel::Modalities) {
        page.history = m_flows->points();
    } else if (place().level == StageLevel::Head) {
        page.content = takenContent();
    } else {
        const OverviewContent all = overviewContent(page.now);
        page.base = all.isDifference ? all.base : nullptr;
    }
    page.content.pictures.clear();
    return page;
}

Result<void> AttentionPanel::save(const QString &path) const
{
    if (!snapshot())
        return Error{ErrorCode::NotFound, "Cannot save a figure: nothing is shown.", "Choose a run first."};
    if (isTable(path)) return saveTextFile(table(), path);
    if (isArrays(path)) return saveArrays(arraysPage(), path);
    OverviewContent overview;
    HeadContent head;
    return saveFigure(figurePage(overview, head), path);
}

/// A map may have a million cells, whose table takes seconds: the window goes on meanwhile.
Result<void> AttentionPanel::saveLater(const QString &path)
{
    const bool isLarge = isArrays(path) || (isTable(path) && place().level == StageLevel::Head);
    if (!isLarge || !snapshot()) {
        ORRERY_TRY(save(path));
        PanelTools::of(*this)->noteSaved(path, {});
        return {};
    }
    const auto page = std::make_shared<const ArraysPage>(arraysPage());
    m_saving = QFileInfo(path).fileName();
    refreshProgress();
    banner()->clear(); // of another file
    QtConcurrent::run([page, path]() -> Result<void> {
        try {
            return isArrays(path) ? saveArrays(*page, path) : saveTextFile(headCsv(page->content), path);
        } catch (const std::bad_alloc &) {
            return Error{ErrorCode::OutOfMemory,
                         "Cannot save \"" + toStd(path) + "\": there is not enough memory for its numbers.",
                         "Show a part of the map, and save that."};
        }
    }).then(this, [this, path](const Result<void> &saved) {
        m_saving.clear();
        refreshProgress();
        PanelTools::of(*this)->noteSaved(path, saved);
    });
    return {};
}

QImage AttentionPanel::image() const
{
    if (!snapshot()) return {};
    OverviewContent overview;
    HeadContent head;
    return figureImage(figurePage(overview, head));
}

QString AttentionPanel::table() const
{
    const SnapshotPtr now = snapshot();
    if (!now) return {};
    if (place().level == StageLevel::Modalities) return flowsCsv(*now, m_flows->points());
    return place().level == StageLevel::Head ? headCsv(takenContent())
                                             : overviewCsv(m_stage->overview()->view()->scene());
}

} // namespace orrery::ui
