// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_edits.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/session/engine_session.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxSteps = 50;
constexpr qsizetype kMaxKeptLetters = 200'000; ///< of state()

std::vector<std::string> toTags(const QStringList &tags)
{
    std::vector<std::string> list;
    for (const QString &tag : tags) list.push_back(toStd(tag));
    return list;
}

} // namespace

/// Answers come one by one; the step is told when the last one is there, the first error with it.
struct RunEdits::Work {
    std::function<QString(const QString &title)> say; ///< what was done to "lr-3e-2" or "3 runs"
    QString note;                                     ///< what was left out
    Step step;
    int numOpen = 1; ///< one until all are asked
    std::optional<Error> error;
    bool isUndo = false;
    quint64 engineNumber = 0;
};

RunEdits::RunEdits(EngineSession &session, QObject *parent) : QObject(parent), m_session(session) {}

std::shared_ptr<RunEdits::Work> RunEdits::begin() const
{
    auto work = std::make_shared<Work>();
    work->engineNumber = m_engineNumber;
    return work;
}

const RunStatus *RunEdits::statusOf(const QString &run) const
{
    const std::string id = toStd(run);
    for (const RunStatus &status : m_session.runs())
        if (status.id == id) return &status;
    return nullptr;
}

QString RunEdits::titleOf(const QString &run) const
{
    const RunStatus *status = statusOf(run);
    const QString title = status ? runTitle(*status) : run;
    return u'“' + (title.size() > 60 ? title.left(59) + u'…' : title) + u'”';
}

QString RunEdits::textOf(const Work &work)
{
    const std::vector<Before> &runs = work.step.runs;
    return work.say(runs.size() == 1 ? runs.front().title
                                     : tr("%1 runs").arg(integerText(static_cast<qint64>(runs.size()))));
}

void RunEdits::edit(const std::shared_ptr<Work> &work, const QString &run, const RunEdit &change,
                    RunEdit before)
{
    work->numOpen += 1;
    m_session.editRun(
        run, change, this,
        [this, work, run, title = titleOf(run), before = std::move(before)](Result<RunStatus> reply) {
            if (reply) {
                work->step.runs.push_back({run, title, false, before});
                Q_EMIT runChanged(*reply);
            } else if (!work->error) {
                work->error = reply.error();
            }
            finish(work);
        });
}

void RunEdits::finish(const std::shared_ptr<Work> &work)
{
    if (--work->numOpen > 0) return;
    const bool isDone = !work->step.runs.empty();
    const bool isOfThisEngine = work->engineNumber == m_engineNumber;
    if (work->isUndo) {
        if (isDone && isOfThisEngine)
            m_steps.push_back(std::move(work->step)); // what could not be taken back can be tried again
        if (work->error)
            Q_EMIT failed(*work->error);
        else
            Q_EMIT done(work->say({}), false);
        return;
    }
    QString text;
    if (isDone) {
        text = textOf(*work);
        work->step.text = text;
        if (isOfThisEngine) m_steps.push_back(std::move(work->step));
        if (m_steps.size() > kMaxSteps) m_steps.erase(m_steps.begin());
    }
    if (isDone) Q_EMIT done(work->note.isEmpty() ? text : text + u' ' + work->note, isOfThisEngine);
    if (work->error) Q_EMIT failed(*work->error); // of the others
}

void RunEdits::rename(const QString &run, const QString &name)
{
    const RunStatus *status = statusOf(run);
    if (!status || fromStd(status->name) == name) return;
    const auto work = begin();
    work->say = [name](const QString &title) {
        return name.isEmpty() ? tr("Gave %1 its first name back.").arg(title)
                              : tr("Renamed %1 to “%2”.").arg(title, name);
    };
    RunEdit change, before;
    change.name = toStd(name);
    before.name = status->name;
    edit(work, run, change, std::move(before));
    finish(work);
}

void RunEdits::setArchived(const QStringList &runs, bool isArchived)
{
    QStringList changed;
    for (const QString &run : runs)
        if (const RunStatus *status = statusOf(run); status && status->labels.isArchived != isArchived)
            changed << run;
    if (changed.isEmpty()) return;
    const auto work = begin();
    work->say = [isArchived](const QString &title) {
        return isArchived ? tr("Archived %1.").arg(title) : tr("Took %1 out of the archive.").arg(title);
    };
    if (isArchived) work->note = tr("Hidden but where the filter says is:archived or is:any.");
    for (const QString &run : std::as_const(changed)) {
        RunEdit change, before;
        change.isArchived = isArchived;
        before.isArchived = !isArchived;
        edit(work, run, change, std::move(before));
    }
    finish(work);
}

void RunEdits::changeTags(const QStringList &runs, const QStringList &added, const QStringList &removed)
{
    const auto work = begin();
    work->say = [](const QString &title) { return tr("Changed the tags of %1.").arg(title); };
    for (const QString &run : runs) {
        const RunStatus *status = statusOf(run);
        if (!status) continue;
        std::vector<std::string> tags;
        for (const std::string &tag : status->labels.tags)
            if (!removed.contains(fromStd(tag))) tags.push_back(tag);
        for (const QString &tag : added)
            if (std::find(tags.begin(), tags.end(), toStd(tag)) == tags.end()) tags.push_back(toStd(tag));
        if (tags == status->labels.tags) continue;
        RunEdit change, before;
        change.tags = std::move(tags);
        before.tags = status->labels.tags;
        edit(work, run, change, std::move(before));
    }
    finish(work);
}

void RunEdits::setLabels(const QString &run, const QStringList &tags, const QString &notes,
                         const QString &notesBefore)
{
    const RunStatus *status = statusOf(run);
    if (!status) return;
    RunEdit change, before;
    if (toTags(tags) != status->labels.tags) {
        change.tags = toTags(tags);
        before.tags = status->labels.tags;
    }
    if (notes != notesBefore) {
        change.notes = toStd(notes);
        before.notes = toStd(notesBefore);
    }
    if (!change.tags && !change.notes) return;
    const auto work = begin();
    work->say = [hasTags = change.tags.has_value(),
                 hasNotes = change.notes.has_value()](const QString &title) {
        return hasTags && hasNotes ? tr("Changed tags and notes of %1.").arg(title)
               : hasTags           ? tr("Changed the tags of %1.").arg(title)
                                   : tr("Changed the notes of %1.").arg(title);
    };
    edit(work, run, change, std::move(before));
    finish(work);
}

void RunEdits::remove(const QStringList &runs)
{
    QStringList removed;
    int numLive = 0;
    for (const QString &run : runs) {
        const RunStatus *status = statusOf(run);
        if (!status) continue;
        if (isLiveState(status->state))
            ++numLive;
        else
            removed << run;
    }
    if (removed.isEmpty()) return;
    const auto work = begin();
    work->say = [](const QString &title) { return tr("Moved %1 to the trash.").arg(title); };
    if (numLive > 0)
        work->note = counted(numLive, tr("One that is live stays: stop it first."),
                             tr("%1 that are live stay: stop them first."));
    for (const QString &run : std::as_const(removed)) {
        work->numOpen += 1;
        m_session.deleteRun(run, this, [this, work, run, title = titleOf(run)](Result<void> reply) {
            if (reply)
                work->step.runs.push_back({run, title, true, {}});
            else if (!work->error)
                work->error = reply.error();
            finish(work);
        });
    }
    finish(work);
}

void RunEdits::forget(const QStringList &runs, Forgotten what)
{
    for (Step &step : m_steps)
        std::erase_if(step.runs, [&](const Before &before) {
            return runs.contains(before.run) && (before.wasDeleted || what == Forgotten::Everything);
        });
    std::erase_if(m_steps, [](const Step &step) { return step.runs.empty(); });
}

QVariantMap RunEdits::state() const
{
    QVariantList steps;
    qsizetype numLetters = 0;
    for (auto step = m_steps.rbegin(); step != m_steps.rend(); ++step) { // the newest are worth most
        QVariantList runs;
        for (const Before &before : step->runs) {
            QVariantMap one{{u"run"_s, before.run}, {u"title"_s, before.title}};
            if (before.wasDeleted) one.insert(u"deleted"_s, true);
            if (before.edit.name) one.insert(u"name"_s, fromStd(*before.edit.name));
            if (before.edit.notes) one.insert(u"notes"_s, fromStd(*before.edit.notes));
            if (before.edit.isArchived) one.insert(u"archived"_s, *before.edit.isArchived);
            if (before.edit.tags) {
                QStringList tags;
                for (const std::string &tag : *before.edit.tags) tags << fromStd(tag);
                one.insert(u"tags"_s, tags);
            }
            numLetters += 100 + one.value(u"notes"_s).toString().size() + one.value(u"tags"_s).toStringList().join(u',').size();
            runs << one;
        }
        if (numLetters > kMaxKeptLetters) break;
        steps.prepend(QVariantMap{{u"text"_s, step->text}, {u"runs"_s, runs}});
    }
    return steps.isEmpty() ? QVariantMap() : QVariantMap{{u"steps"_s, steps}};
}

void RunEdits::restore(const QVariantMap &state)
{
    std::vector<Step> steps;
    for (const QVariant &one : state.value(u"steps"_s).toList()) {
        const QVariantMap kept = one.toMap();
        Step step{kept.value(u"text"_s).toString(), {}};
        for (const QVariant &value : kept.value(u"runs"_s).toList()) {
            const QVariantMap run = value.toMap();
            Before before{run.value(u"run"_s).toString(), run.value(u"title"_s).toString(), run.value(u"deleted"_s).toBool(), {}};
            if (run.contains(u"name"_s)) before.edit.name = toStd(run.value(u"name"_s).toString());
            if (run.contains(u"notes"_s)) before.edit.notes = toStd(run.value(u"notes"_s).toString());
            if (run.contains(u"archived"_s)) before.edit.isArchived = run.value(u"archived"_s).toBool();
            if (run.contains(u"tags"_s)) before.edit.tags = toTags(run.value(u"tags"_s).toStringList());
            if (!before.run.isEmpty()) step.runs.push_back(std::move(before));
        }
        if (!step.text.isEmpty() && !step.runs.empty()) steps.push_back(std::move(step));
    }
    if (steps.size() > kMaxSteps) steps.erase(steps.begin(), steps.end() - kMaxSteps);
    // What was done since the start is the newest.
    m_steps.insert(m_steps.begin(), std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end()));
}

QString RunEdits::undoText() const
{
    return m_steps.empty() ? QString() : tr("Undo: %1").arg(m_steps.back().text);
}

void RunEdits::undo()
{
    if (m_steps.empty()) return;
    const Step step = std::move(m_steps.back());
    m_steps.pop_back();
    const auto work = begin();
    work->isUndo = true;
    work->say = [text = step.text](const QString &) { return tr("Undone: %1").arg(text); };
    work->step.text = step.text;
    for (const Before &before : step.runs) {
        work->numOpen += 1;
        const auto answer = [this, work, before](Result<RunStatus> reply) {
            if (reply) {
                Q_EMIT runChanged(*reply);
            } else {
                if (!work->error) work->error = reply.error();
                work->step.runs.push_back(before);
            }
            finish(work);
        };
        if (before.wasDeleted)
            m_session.restoreRun(before.run, this, answer);
        else
            m_session.editRun(before.run, before.edit, this, answer);
    }
    finish(work);
}

} // namespace orrery::ui
