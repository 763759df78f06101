// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/note_edits.h"

#include "core/spec/field_values.h"
#include "core/spec/run_notes.h"
#include "widgets/common/number_text.h"
#include "widgets/session/engine_session.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

constexpr size_t kMaxSteps = 50;
constexpr qsizetype kMaxNamed = 60;

QString shortText(const QString &text)
{
    const QString line = text.simplified();
    return line.size() > kMaxNamed ? line.left(kMaxNamed - 1) + u'…' : line;
}

} // namespace

NoteEdits::NoteEdits(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &EngineSession::runsChanged, this, [this] {
        if (!m_session.runs().empty() || m_session.connectionState() != ConnectionState::Connecting) return;
        m_before.clear(); // another engine's notes are others
        ++m_engineNumber;
        Q_EMIT stepsChanged();
    });
}

void NoteEdits::remember(Step step)
{
    m_before.push_back(std::move(step));
    if (m_before.size() > kMaxSteps) m_before.erase(m_before.begin());
    Q_EMIT stepsChanged();
}

void NoteEdits::add(const Note &note, const std::function<void(const Result<void> &)> &answered)
{
    m_session.annotate(note.run, note.step, note.text, this,
                       [this, note, answered, number = m_engineNumber](const Result<void> &reply) {
                           answered(reply);
                           if (!reply.ok() || number != m_engineNumber) return;
                           remember({note, true});
                           Q_EMIT changed(note.run);
                           Q_EMIT done(tr("Added the note “%1” at step %2.").arg(shortText(note.text), integerText(note.step)),
                                       true);
                       });
}

void NoteEdits::change(const Note &note, const QString &text, const std::function<void(const Result<void> &)> &answered)
{
    m_session.replaceNote(note.run, note.id, note.step, text, this,
                          [this, note, text, answered, number = m_engineNumber](const Result<void> &reply) {
                              if (answered) answered(reply);
                              if (!reply.ok()) {
                                  if (!answered) Q_EMIT failed(reply.error()); // else that says it where it was typed
                                  return;
                              }
                              if (number != m_engineNumber) return;
                              remember({note, false});
                              Q_EMIT changed(note.run);
                              Q_EMIT done(text.isEmpty() ? tr("Removed the note “%1” at step %2.")
                                                               .arg(shortText(note.text), integerText(note.step))
                                                         : tr("The note at step %1 says “%2” now.")
                                                               .arg(integerText(note.step), shortText(text)),
                                          true);
                          });
}

void NoteEdits::undo()
{
    if (m_before.empty()) return;
    const Step step = std::move(m_before.back());
    m_before.pop_back();
    Q_EMIT stepsChanged();
    if (!step.wasAdded) return takeBack(step, step.note.id);
    find(step.note, -1, {}, [this, step, number = m_engineNumber](const Result<qint64> &id) {
        if (number != m_engineNumber) return;
        if (id.ok())
            takeBack(step, *id);
        else
            keep(step, id.error());
    });
}

void NoteEdits::takeBack(const Step &step, qint64 id)
{
    const Note &note = step.note;
    m_session.replaceNote(note.run, id, note.step, step.wasAdded ? QString() : note.text, this,
                          [this, step, number = m_engineNumber](const Result<void> &reply) {
                              if (number != m_engineNumber) return;
                              if (!reply.ok()) return keep(step, reply.error());
                              const QString place = integerText(step.note.step), text = shortText(step.note.text);
                              Q_EMIT changed(step.note.run);
                              Q_EMIT done(step.wasAdded ? tr("Took back the note “%1” at step %2.").arg(text, place)
                                                        : tr("The note at step %1 says “%2” again.").arg(place, text),
                                          false);
                          });
}

/// It can be tried again.
void NoteEdits::keep(const Step &step, const Error &error)
{
    m_before.push_back(step);
    Q_EMIT stepsChanged();
    Q_EMIT failed(error);
}

void NoteEdits::find(const Note &note, qint64 after, std::vector<RunEvent> notes,
                     const std::function<void(const Result<qint64> &)> &found)
{
    m_session.listEvents(
        note.run, after, this, [this, note, after, found, notes = std::move(notes)](const Result<std::vector<RunEvent>> &page) mutable {
            if (!page.ok()) return found(page.error());
            for (const RunEvent &event : *page)
                if (isAnnotation(event)) notes.push_back(event);
            const bool isFull = page->size() >= size_t(EngineSession::kEventPage);
            if (isFull && page->back().id > after) return find(note, page->back().id, std::move(notes), found);
            qint64 id = 0;
            for (const RunEvent &one : notesNow(notes))
                if (one.step == note.step && fromStd(one.text) == note.text) id = std::max<qint64>(id, one.id);
            if (id > 0) return found(id);
            found(Error{ErrorCode::NotFound,
                        "Cannot take back the note " + quotedValue(toStd(shortText(note.text))) + " at step " +
                            std::to_string(note.step) + " of run " + quotedValue(toStd(note.run)) +
                            ": found no such note, expected the one that was added.",
                        "A training writes a note at its next step: try again in a moment. Where somebody corrected it, remove "
                        "it at its mark."});
        });
}

} // namespace orrery::ui
