// SPDX-License-Identifier: GPL-3.0-or-later
// What a new run may take over: the settings of another run, or the weights of a model with the settings that they need.
#include "widgets/form/new_run_panel.h"

#include "core/spec/data_defaults.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/filter_popup.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_choice.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/run_text.h"
#include "widgets/form/model_start.h"
#include "widgets/form/spec_form.h"

#include <QDir>
#include <QMenu>
#include <QStandardItemModel>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxMenuEntries = 14; ///< with those above the runs; a menu of hundreds is no menu

} // namespace

void NewRunPanel::fillRunMenu()
{
    m_runMenu->clear();
    QAction *model = m_runMenu->addAction(tr("Weights of a model folder…"), this, &NewRunPanel::askForModel);
    model->setObjectName(u"fromModelFolder"_s);
    model->setToolTip(tr("Begin with the weights of a model: one of ours, or Llama, Qwen3 or GPT-2 of Hugging Face"));
    m_runMenu->setToolTipsVisible(true);
    m_runMenu->addSection(tr("Settings of a run"));
    const std::vector<const RunStatus *> runs = runsToTakeFrom();
    for (const RunStatus *status : runs) {
        if (m_runMenu->actions().size() >= kMaxMenuEntries) break;
        QString name = runTitle(*status);
        name.replace(u'&', u"&&"_s);
        const QString run = fromStd(status->id);
        m_runMenu->addAction(QFontMetrics(font()).elidedText(name, Qt::ElideMiddle, 320), this,
                             [this, run] { fillFromRun(run); });
    }
    if (m_runMenu->actions().size() >= kMaxMenuEntries) {
        m_runMenu->addSeparator();
        QAction *find = m_runMenu->addAction(tr("Find among %1 runs…").arg(integerText(qint64(runs.size()))), this, &NewRunPanel::findRun);
        find->setObjectName(u"findRun"_s);
    }
    if (runs.empty())
        m_runMenu->addAction(m_session.runs().empty() ? tr("There is no run yet") : tr("All runs are in the archive"))->setEnabled(false);
}

/// The newest first, without those of the archive.
std::vector<const RunStatus *> NewRunPanel::runsToTakeFrom() const
{
    std::vector<const RunStatus *> runs = offeredRuns(m_session.runs());
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunStatus *a, const RunStatus *b) { return a->createdAt > b->createdAt; });
    return runs;
}

void NewRunPanel::findRun()
{
    auto *model = new QStandardItemModel;
    for (const RunStatus *status : runsToTakeFrom()) {
        auto *item = new QStandardItem(runTitle(*status));
        item->setData(fromStd(status->id), Qt::UserRole);
        item->setData(fromStd(status->id), Qt::ToolTipRole);
        item->setData(runTagsText(*status), FilterPopup::kWordsRole);
        model->appendRow(item);
    }
    auto *popup = new FilterPopup(*model, 0, tr("Filter by name or tag"), m_fromRun);
    model->setParent(popup);
    connect(popup, &FilterPopup::chosen, this, [this, model](int row) { fillFromRun(model->item(row)->data(Qt::UserRole).toString()); });
    popup->showUnder(*m_fromRun);
}

void NewRunPanel::fillFromRun(const QString &run)
{
    banner()->clear();
    m_session.getSpec(run, this, [this, run](Result<QString> reply) {
        const Result<QString> text = reply ? specTextOfRun(*reply) : Result<QString>(reply.error());
        SpecBuilder read(m_form->table());
        if (const Result<void> taken = text ? read.setJson(toStd(*text)) : Result<void>(text.error());
            !taken) {
            banner()->showError(taken.error());
            return;
        }
        // A frozen spec names every value. What equals the preset's default goes back to being one, so that
        // the marks show what is special about the run, and its frozen horizon does not bind the new one.
        const RunSpec spec = read.preview();
        RunSpec defaults;
        applyPreset(defaults, spec.model.preset);
        defaults.model.preset = RunSpec{}.model.preset;
        defaults.data.path = spec.data.path;
        applyDataDefaults(defaults);
        defaults.data.path.clear();
        SpecBuilder builder(m_form->table());
        for (const Field &field : builder.table().fields()) {
            if (field.key == "name" ||
                (field.key == "schedule.total_steps" && spec.schedule.totalSteps == spec.train.steps))
                continue;
            if (field.get(spec) != field.get(defaults)) (void)builder.setValue(field.key, field.get(spec));
        }
        const auto &runs = m_session.runs();
        const auto found = std::find_if(runs.begin(), runs.end(), [&run](const RunStatus &one) { return fromStd(one.id) == run; });
        replace(tr("Settings of “%1” were taken.").arg(found == runs.end() ? run : runTitle(*found)), [this, &builder] {
            m_modelStart->setModel({});
            m_form->setBuilder(builder);
        });
    });
}

void NewRunPanel::askForModel()
{
    const PathQuestion question{tr("Begin with the weights of the model in a folder"), u"modelStartDialog"_s, PathKind::Folder,
                                tr("Begin with it"), QDir::homePath()};
    askForEnginePath(m_session, this, question, [this](const QString &path) { fillFromModel(path); });
}

void NewRunPanel::fillFromModel(const QString &model)
{
    banner()->clear();
    m_modelRequest = m_session.modelSettings(
        model, this, [this, model](const Result<QString> &settings) { takeModel(model, settings); });
    updateStart();
}

void NewRunPanel::takeModel(const QString &model, const Result<QString> &settings)
{
    m_modelRequest.reset();
    SpecBuilder builder = m_form->builder();
    const Result<void> taken = settings ? builder.setJson(toStd(*settings)) : Result<void>(settings.error());
    if (taken) {
        replace(tr("Weights and settings of “%1” were taken.").arg(model), [this, &builder, &model] {
            m_form->setBuilder(builder);
            m_modelStart->setModel(model);
        });
    } else {
        banner()->showError(taken.error());
    }
    updateStart();
}

void NewRunPanel::takeCreated(const Result<RunStatus> &reply)
{
    m_modelRequest.reset();
    m_isStarting = false;
    updateStart();
    if (!reply) {
        banner()->showError(reply.error());
        return;
    }
    if (m_form->builder().isExplicit("name")) { // the next run is another one
        SpecBuilder rest = m_form->builder();
        rest.reset("name");
        m_form->setBuilder(rest);
    }
    Q_EMIT runCreated(fromStd(reply->id));
}

} // namespace orrery::ui
