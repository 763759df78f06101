// SPDX-License-Identifier: GPL-3.0-or-later
// What replaces the form as a whole, or much of it, can be taken back: Reset all, a preset, settings of a run, a model, a link.
#include "widgets/form/new_run_panel.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/form/model_start.h"
#include "widgets/form/spec_form.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kNoticeMs = 30'000; ///< then Ctrl+Z still does what it offered

/// Whether nothing is filled in.
bool isVacant(const QString &draft)
{
    const QJsonObject root = QJsonDocument::fromJson(draft.toUtf8()).object();
    return root.value("texts"_L1).toObject().isEmpty() && !root.contains("model"_L1);
}

} // namespace

void NewRunPanel::makeHistory()
{
    m_notice = new Banner(this);
    m_notice->setObjectName(u"formNotice"_s);
    m_noticeTimer = new QTimer(this);
    m_noticeTimer->setSingleShot(true);
    connect(m_noticeTimer, &QTimer::timeout, m_notice, &Banner::clear);
    connect(m_notice, &Banner::retryRequested, this, [this] { m_isTakenBack ? redo() : undo(); });
    m_undo = addPanelAction(*this, tr("Undo what was taken into the form"), "formUndo", QKeySequence::keyBindings(QKeySequence::Undo),
                            [this] { undo(); });
    m_redo = addPanelAction(*this, tr("Redo what was taken into the form"), "formRedo", QKeySequence::keyBindings(QKeySequence::Redo),
                            [this] { redo(); });
    connect(m_form, &SpecForm::presetAboutToChange, this, [this] { m_beforePreset = draftJson(); });
    connect(m_form, &SpecForm::presetChosen, this,
            [this](const QString &preset) { remember(m_beforePreset, tr("Preset “%1” was chosen.").arg(preset), u"preset"_s); });
    updateHistory();
}

void NewRunPanel::replace(const QString &what, const std::function<void()> &change)
{
    const QString before = draftJson();
    change();
    remember(before, what, {});
}

void NewRunPanel::remember(const QString &before, const QString &what, const QString &kind)
{
    const QString after = draftJson();
    if (before == after) return;
    m_history.add(before, what, kind, after);
    if (isVacant(before))
        m_notice->clear(); // nothing was lost; Ctrl+Z goes back all the same
    else
        tellHistory(what, false);
    updateHistory();
}

void NewRunPanel::tellHistory(const QString &what, bool isTakenBack)
{
    m_isTakenBack = isTakenBack;
    m_notice->showMessage(BannerKind::Info, what, {}, isTakenBack ? tr("Redo") : tr("Undo"));
    m_noticeTimer->start(kNoticeMs);
}

void NewRunPanel::undo()
{
    const auto step = m_history.undo(draftJson());
    if (!step) return;
    applyDraft(step->draft);
    tellHistory(tr("The form is as it was before: %1").arg(step->what), true);
    updateHistory();
}

void NewRunPanel::redo()
{
    const auto step = m_history.redo(draftJson());
    if (!step) return;
    applyDraft(step->draft);
    tellHistory(step->what, false);
    updateHistory();
}

void NewRunPanel::updateHistory()
{
    setDisabledReason(*m_undo, m_history.canUndo() ? QString() : tr("Nothing has replaced what was filled in."));
    setDisabledReason(*m_redo, m_history.canRedo() ? QString() : tr("Nothing was taken back."));
}

void NewRunPanel::takeValues(const QList<std::pair<QString, QString>> &values, const QString &of)
{
    // Of plugins that the engine does not have there is no field.
    QList<std::pair<QString, QString>> known = values;
    known.removeIf([this](const auto &value) { return !m_form->table()->find(toStd(value.first)); });
    QString what = known.size() == 1 ? tr("1 setting of “%1” was taken.").arg(of)
                                     : tr("%1 settings of “%2” were taken.").arg(integerText(known.size()), of);
    if (const auto numLeft = values.size() - known.size(); numLeft > 0)
        what += u' ' + (numLeft == 1 ? tr("1 that this engine does not know was left out.")
                                   : tr("%1 that this engine does not know were left out.").arg(integerText(numLeft)));
    replace(what, [this, &known] {
        for (const auto &[key, value] : std::as_const(known)) m_form->setGiven(key, value);
    });
}

} // namespace orrery::ui
