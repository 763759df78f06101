// SPDX-License-Identifier: GPL-3.0-or-later
// An archive of prompt sessions in memory: answers on the next turn of the event loop, and can be told to fail or to wait.
// GUI thread only.
#pragma once

#include "widgets/play/prompt_archive.h"
#include "widgets/play/session_document.h"

#include <QPointer>
#include <QTimer>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

namespace orrery::ui {

class FakeArchive : public PromptArchive {
public:
    struct Kept {
        SessionContent content;
        bool isDeleted = false;
    };
    std::map<qint64, Kept> sessions;
    std::optional<Error> failNext; ///< of the next request
    bool isHolding = false;        ///< answers wait for flush()
    int numSaves = 0, numTokensSaved = 0;
    qint64 clockUs = 10'000'000'000; ///< of the next change

    /// Sessions that a search has not looked at; each searchOn() takes the last one.
    std::vector<qint64> unread;

    void list(const QString &search, QObject *context, Reply<SessionListing> reply) override
    {
        answer<SessionListing>(context, reply, [this, search]() -> Result<SessionListing> {
            SessionListing listing;
            const auto isUnread = [this](qint64 id) { return std::find(unread.begin(), unread.end(), id) != unread.end(); };
            for (const auto &[id, kept] : sessions)
                if (!kept.isDeleted && matches(kept.content, search) && (search.isEmpty() || !isUnread(id)))
                    listing.entries.push_back(kept.content.entry);
            std::sort(listing.entries.begin(), listing.entries.end(), [](const SessionEntry &a, const SessionEntry &b) {
                if (a.isPinned != b.isPinned) return a.isPinned;
                return a.editedUs > b.editedUs;
            });
            if (!search.isEmpty()) listing.numUnread = static_cast<int>(unread.size());
            return listing;
        });
    }
    void searchOn(const QString &search, QObject *context, Reply<SessionListing> reply) override
    {
        answer<SessionListing>(context, reply, [this, search]() -> Result<SessionListing> {
            SessionListing listing;
            if (unread.empty()) return listing;
            const Kept *kept = find(unread.back());
            unread.pop_back();
            if (kept && matches(kept->content, search)) listing.entries.push_back(kept->content.entry);
            listing.numUnread = static_cast<int>(unread.size());
            return listing;
        });
    }
    void load(qint64 session, QObject *context, Reply<SessionContent> reply) override
    {
        answer<SessionContent>(context, reply, [this, session]() -> Result<SessionContent> {
            Kept *kept = find(session);
            if (!kept) return notThere();
            return kept->content;
        });
    }
    void save(SessionChange change, QObject *context, Reply<SessionEntry> reply) override
    {
        answer<SessionEntry>(context, reply, [this, change]() -> Result<SessionEntry> { return take(change); });
    }
    void rename(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply) override
    {
        edit(session, context, reply, [title](SessionEntry &entry) {
            entry.hasOwnTitle = !title.isEmpty();
            entry.title = title.isEmpty() ? QStringLiteral("first words") : title;
        });
    }
    void pin(qint64 session, bool isPinned, QObject *context, Reply<SessionEntry> reply) override
    {
        edit(session, context, reply, [isPinned](SessionEntry &entry) { entry.isPinned = isPinned; });
    }
    void duplicate(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply) override
    {
        answer<SessionEntry>(context, reply, [this, session, title]() -> Result<SessionEntry> {
            const Kept *kept = find(session);
            if (!kept) return notThere();
            Kept copy = *kept;
            copy.content.entry.id = nextId();
            copy.content.entry.title = title;
            copy.content.entry.editedUs = ++clockUs;
            sessions[copy.content.entry.id] = copy;
            return copy.content.entry;
        });
    }
    void remove(qint64 session, QObject *context, Reply<void> reply) override
    {
        answer<void>(context, reply, [this, session]() -> Result<void> {
            Kept *kept = find(session);
            if (!kept) return notThere();
            kept->isDeleted = true;
            return {};
        });
    }
    void bringBack(qint64 session, QObject *context, Reply<SessionEntry> reply) override
    {
        answer<SessionEntry>(context, reply, [this, session]() -> Result<SessionEntry> {
            const auto found = sessions.find(session);
            if (found == sessions.end()) return notThere();
            found->second.isDeleted = false;
            return found->second.content.entry;
        });
    }
    void flush() override
    {
        while (!m_waiting.empty()) answerOnce();
    }
    /// What waits now, and not what is asked by that.
    void answerOnce()
    {
        const auto waiting = std::exchange(m_waiting, {});
        for (const auto &one : waiting) one();
    }
    [[nodiscard]] int numWaiting() const { return static_cast<int>(m_waiting.size()); }

    qint64 add(const QString &title, const QString &prompt, qint64 editedUs, bool isPinned = false)
    {
        SessionState state;
        state.prompt = prompt;
        SessionChange change;
        change.document = sessionDocument(state, {}, [](const VersionPtr &) { return 0; },
                                          [](const VersionPtr &) { return QJsonObject(); });
        change.title = title;
        change.isPinned = isPinned;
        clockUs = editedUs - 1;
        return take(change)->id;
    }
    [[nodiscard]] const SessionContent &content(qint64 session) { return sessions.at(session).content; }

private:
    static Error notThere() { return {ErrorCode::NotFound, "Cannot open the session: it is gone.", "Choose another."}; }
    static bool matches(const SessionContent &content, const QString &search)
    {
        QString text = content.entry.title + sessionWords(content.document);
        for (const auto &[key, tokens] : content.tokens)
            for (const GeneratedToken &token : tokens) text += QString::fromStdString(token.bytes);
        for (const QString &word : search.split(u' ', Qt::SkipEmptyParts))
            if (!text.contains(word, Qt::CaseInsensitive)) return false;
        return true;
    }
    qint64 nextId() const { return sessions.empty() ? 1 : sessions.rbegin()->first + 1; }
    Kept *find(qint64 session)
    {
        const auto found = sessions.find(session);
        return found == sessions.end() || found->second.isDeleted ? nullptr : &found->second;
    }
    Result<SessionEntry> take(const SessionChange &change)
    {
        ++numSaves;
        Kept *kept = change.id == 0 ? nullptr : find(change.id);
        if (change.id != 0 && (!kept || kept->content.entry.revision != change.revision))
            return Error{ErrorCode::Conflict, "Cannot save: another window changed it.", "Save it as another."};
        if (!kept) {
            const qint64 id = nextId();
            kept = &sessions[id];
            kept->content.entry.id = id;
            kept->content.entry.isPinned = change.isPinned;
            kept->content.entry.hasOwnTitle = change.hasOwnTitle;
            kept->content.entry.title = change.title;
            kept->content.entry.createdUs = change.createdUs > 0 ? change.createdUs : clockUs + 1;
        }
        SessionEntry &entry = kept->content.entry;
        if (!entry.hasOwnTitle) entry.title = change.title;
        entry.model = change.model;
        entry.preview = change.preview;
        entry.numAnswers = static_cast<int>(change.keys.size());
        ++entry.revision;
        if (!change.keepsTime) entry.editedUs = ++clockUs;
        kept->content.document = change.document;
        std::erase_if(kept->content.tokens, [&change](const auto &one) {
            return std::find(change.keys.begin(), change.keys.end(), one.first) == change.keys.end();
        });
        for (const SessionChange::Answer &answer : change.answers) {
            std::vector<GeneratedToken> &tokens = kept->content.tokens[answer.key];
            tokens.resize(static_cast<size_t>(answer.firstToken));
            tokens.insert(tokens.end(), answer.tokens.begin(), answer.tokens.end());
            numTokensSaved += static_cast<int>(answer.tokens.size());
        }
        return entry;
    }
    template <typename Change>
    void edit(qint64 session, QObject *context, Reply<SessionEntry> reply, Change change)
    {
        answer<SessionEntry>(context, reply, [this, session, change]() -> Result<SessionEntry> {
            Kept *kept = find(session);
            if (!kept) return notThere();
            change(kept->content.entry);
            return kept->content.entry;
        });
    }
    template <typename T> void answer(QObject *context, Reply<T> reply, std::function<Result<T>()> work)
    {
        const auto job = [this, context = QPointer<QObject>(context), reply, work, failure = std::exchange(failNext, {})] {
            Result<T> result = failure ? Result<T>(*failure) : work();
            if (context) reply(std::move(result));
        };
        m_waiting.push_back(job);
        if (!isHolding) QTimer::singleShot(0, this, [this] { flush(); });
    }

    std::vector<std::function<void()>> m_waiting;
};

} // namespace orrery::ui
