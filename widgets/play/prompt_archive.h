// SPDX-License-Identifier: GPL-3.0-or-later
// Where prompt sessions are kept, as the playground asks for it: nothing here waits, every request answers through its
// callback on the GUI thread, in the order of the requests, unless the context object died first. Implemented by
// app/workbench over core/store, and by a fake in tests. GUI thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/session/engine_session.h"

#include <QJsonObject>

#include <map>
#include <vector>

namespace orrery::ui {

/// A session as a list shows it.
struct SessionEntry {
    qint64 id = 0;
    QString title;
    QString model;   ///< that was asked last
    QString preview; ///< one line
    qint64 createdUs = 0, editedUs = 0; ///< Unix time in microseconds
    qint64 revision = 0;
    int numAnswers = 0;
    bool isPinned = false;
    bool hasOwnTitle = false; ///< given by a person, and not the first words
};

/// What a search has found until now.
struct SessionListing {
    std::vector<SessionEntry> entries;
    int numUnread = 0; ///< sessions that were not looked at yet: searchOn() goes on with them
};

/// A whole session: a document (session_document.h) and the tokens of its answers by their keys.
struct SessionContent {
    SessionEntry entry;
    QJsonObject document;
    std::map<qint64, std::vector<GeneratedToken>> tokens;
};

/// What of a session is not kept yet.
struct SessionChange {
    qint64 id = 0;       ///< 0: a new session
    qint64 revision = 0; ///< that it goes out from
    QJsonObject document;
    QString title, model, preview;
    struct Answer {
        qint64 key = 0;
        qint64 firstToken = 0; ///< that many are kept; what was kept behind them goes
        std::vector<GeneratedToken> tokens;
    };
    std::vector<Answer> answers;
    std::vector<qint64> keys; ///< all answers that are there; others go
    bool keepsTime = false; ///< nothing was written or said: it stays where it is in the list
    // Of a session that is imported.
    bool isPinned = false, hasOwnTitle = false;
    qint64 createdUs = 0; ///< 0: now
};

class PromptArchive : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// Pinned ones first, then the last edited. Answers soon: sessions that changed and were not read since are looked at for a
    /// moment only.
    /// @param search all of these words, in titles, prompts and answers; empty: all sessions
    virtual void list(const QString &search, QObject *context, Reply<SessionListing> reply) = 0;
    /// What is found in some more of those, the last edited first; other requests are answered in between.
    virtual void searchOn(const QString &search, QObject *context, Reply<SessionListing> reply) = 0;
    /// What of it cannot be read is left out and told. @error NotFound, Io
    virtual void load(qint64 session, QObject *context, Reply<SessionContent> reply) = 0;
    /// @error Conflict: another window changed or deleted it since that revision; Unavailable: locked; Io
    virtual void save(SessionChange change, QObject *context, Reply<SessionEntry> reply) = 0;
    /// @param title empty: the first words again
    virtual void rename(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply) = 0;
    virtual void pin(qint64 session, bool isPinned, QObject *context, Reply<SessionEntry> reply) = 0;
    virtual void duplicate(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply) = 0;
    /// bringBack() undoes it, for a day at least.
    virtual void remove(qint64 session, QObject *context, Reply<void> reply) = 0;
    virtual void bringBack(qint64 session, QObject *context, Reply<SessionEntry> reply) = 0;
    /// Waits until all of it is done and answered; for the end of the window only.
    virtual void flush() = 0;

Q_SIGNALS:
    /// What was told is not the answer of a request: a broken file was put aside, an answer could not be read.
    void told(const QString &message, const QString &hint);
};

} // namespace orrery::ui
