// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/note_edits.h"

#include "widgets/common/number_text.h"
#include "widgets/session/engine_session.h"

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

void NoteEdits::change(const Note &note, const QString &text, const std::function<void(const Result<void> &)> &answered)
{
    m_session.replaceNote(note.run, note.id, note.step, text, this,
                          [this, note, text, answered, number = m_engineNumber](Result<void> reply) {
                              if (answered) answered(reply);
                              if (!reply.ok()) {
                                  if (!answered) Q_EMIT failed(reply.error()); // else that says it where it was typed
                                  return;
                              }
                              if (number != m_engineNumber) return;
                              m_before.push_back(note);
                              if (m_before.size() > kMaxSteps) m_before.erase(m_before.begin());
                              Q_EMIT stepsChanged();
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
    const Note note = std::move(m_before.back());
    m_before.pop_back();
    Q_EMIT stepsChanged();
    m_session.replaceNote(note.run, note.id, note.step, note.text, this,
                          [this, note, number = m_engineNumber](Result<void> reply) {
                              if (number != m_engineNumber) return;
                              if (!reply.ok()) {
                                  m_before.push_back(note); // it can be tried again
                                  Q_EMIT stepsChanged();
                                  Q_EMIT failed(reply.error());
                                  return;
                              }
                              Q_EMIT changed(note.run);
                              Q_EMIT done(tr("The note at step %1 says “%2” again.")
                                              .arg(integerText(note.step), shortText(note.text)),
                                          false);
                          });
}

} // namespace orrery::ui
