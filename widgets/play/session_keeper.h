// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps what stands in the playground: saves it within a second of each change, opens another session when all of this one
// is kept, and begins new ones. Never waits. Owned by the playground; the archive outlives it. GUI thread only.
#pragma once

#include "widgets/play/prompt_archive.h"
#include "widgets/play/session_writer.h"

#include <QTimer>

#include <functional>

namespace orrery::ui {

/// What the playground shows, given and taken.
struct SessionDesk {
    std::function<SessionState()> state;
    std::function<void(const SessionState &)> show; ///< in place of what stands there
    std::function<void()> leave;                    ///< what is still coming ends
};

class SessionKeeper : public QObject {
    Q_OBJECT
public:
    /// From a change to the time when it is given to the archive; a kill loses that and the writing.
    static constexpr int kDelayMs = 400;

    SessionKeeper(PromptArchive &archive, SessionDesk desk, QObject *parent = nullptr);
    /// 0: what stands there is not kept yet.
    [[nodiscard]] qint64 session() const { return m_entry.id; }
    [[nodiscard]] const SessionEntry &entry() const { return m_entry; }
    [[nodiscard]] PromptArchive &archive() const { return m_archive; }
    [[nodiscard]] bool isKept() const { return !m_isDirty && !m_isSaving && !m_writer.isMore(); }

    void noteChange();
    void open(qint64 session);
    /// At the start: unless something was written before it came.
    void restore(qint64 session);
    /// @param then when it stands there
    void beginNew(std::function<void()> then = {});
    /// From a link: only where it is the one that was begun at that time. @param then whether it stands there now; not called
    /// where another one was asked for meanwhile
    void openBegun(qint64 session, qint64 createdUs, std::function<void(bool isOpen)> then);
    /// Of what was put on the desk from elsewhere (a draft of an older program): none of it is kept.
    void adopt();
    /// The open session was deleted: what stands there goes with it.
    void letGo();
    /// The open session was renamed or pinned.
    void takeEntry(const SessionEntry &entry);
    /// What is still coming ends: of a session that is about to be deleted.
    void leave() { m_desk.leave(); }
    /// When the archive has all that stands there; at once where it has. @param otherwise it cannot be kept
    void whenKept(std::function<void()> then, std::function<void(const orrery::Error &)> otherwise = {});
    /// At once, for the end of the window.
    void saveNow();

Q_SIGNALS:
    void currentChanged(qint64 session); ///< another one stands there
    void saved(const orrery::ui::SessionEntry &entry);
    void failed(const orrery::Error &error);
    /// It goes on as a copy: another window has the session.
    void parted();

private:
    void proceed();
    void save();
    void take(const Result<SessionEntry> &reply, int epoch);
    void load(qint64 session, bool isStart);
    void show(SessionContent content);
    void clear();

    PromptArchive &m_archive;
    SessionDesk m_desk;
    SessionWriter m_writer;
    SessionEntry m_entry;
    QJsonObject m_document; ///< as it was kept last
    QTimer m_timer;
    struct Waiting {
        std::function<void()> then;
        std::function<void(const Error &)> otherwise;
    };
    std::vector<Waiting> m_waiting; ///< for all to be kept
    std::function<void()> m_next;   ///< then: another session
    bool m_isDirty = false, m_isSaving = false, m_isShowing = false, m_hasFailed = false;
    int m_numLoads = 0; ///< the last one counts
    int m_epoch = 0;    ///< one more with each session that stands there
};

} // namespace orrery::ui
