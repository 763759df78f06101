// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_keeper.h"

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kRetryMs = 5'000;

/// What was written and said, without what it is shown and asked with.
QJsonObject contentOf(QJsonObject document)
{
    for (const auto key : {"mode"_L1, "model"_L1, "sampling"_L1, "view"_L1, "shown"_L1}) document.remove(key);
    return document;
}

} // namespace

SessionKeeper::SessionKeeper(PromptArchive &archive, SessionDesk desk, QObject *parent)
    : QObject(parent), m_archive(archive), m_desk(std::move(desk))
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &SessionKeeper::proceed);
}

void SessionKeeper::noteChange()
{
    if (m_isShowing) return;
    m_isDirty = true;
    // The first change begins to wait, later ones do not put it off.
    if (!m_timer.isActive()) m_timer.start(kDelayMs);
}

void SessionKeeper::proceed()
{
    if (m_isSaving) return; // its answer goes on
    if (m_isDirty || m_writer.isMore()) return save();
    for (const Waiting &waiting : std::exchange(m_waiting, {})) waiting.then();
    if (const auto next = std::exchange(m_next, {})) next();
}

void SessionKeeper::save()
{
    m_timer.stop();
    const SessionState state = m_desk.state();
    m_isDirty = false;
    if (m_entry.id == 0 && state.isEmpty()) return proceed(); // nothing to keep
    SessionChange change = m_writer.changeOf(state);
    const bool hasTokens = !change.answers.empty();
    if (m_entry.id != 0 && !hasTokens && change.document == m_document) return proceed(); // nothing new
    change.keepsTime = m_entry.id != 0 && !hasTokens && contentOf(change.document) == contentOf(m_document);
    m_document = change.document;
    change.id = m_entry.id;
    change.revision = m_entry.revision;
    if (change.id == 0) { // a copy that parted is called as the session was
        change.hasOwnTitle = m_entry.hasOwnTitle;
        if (change.hasOwnTitle) change.title = m_entry.title;
    }
    m_isSaving = true;
    m_archive.save(std::move(change), this,
                   [this, epoch = m_epoch](const Result<SessionEntry> &reply) { take(reply, epoch); });
}

void SessionKeeper::take(const Result<SessionEntry> &reply, int epoch)
{
    m_isSaving = false;
    if (epoch != m_epoch) return proceed(); // of a session that was deleted meanwhile
    m_hasFailed = !reply;
    if (reply) {
        const bool isNew = m_entry.id == 0;
        m_entry = *reply;
        if (isNew) Q_EMIT currentChanged(m_entry.id);
        Q_EMIT saved(m_entry);
        return proceed();
    }
    m_writer.forgetKept();
    m_document = {};
    m_isDirty = true;
    if (reply.error().code == ErrorCode::Conflict && m_entry.id != 0) {
        m_hasFailed = false;
        m_entry.id = m_entry.revision = 0;
        Q_EMIT parted();
        return proceed();
    }
    const std::vector<Waiting> waiting = std::exchange(m_waiting, {});
    m_next = {}; // what is not kept is not left
    m_timer.start(kRetryMs);
    Q_EMIT failed(reply.error());
    for (const Waiting &one : waiting)
        if (one.otherwise) one.otherwise(reply.error());
}

void SessionKeeper::whenKept(std::function<void()> then, std::function<void(const Error &)> otherwise)
{
    m_waiting.push_back({std::move(then), std::move(otherwise)});
    proceed();
}

void SessionKeeper::open(qint64 session)
{
    if (session == m_entry.id && session != 0) { // it stays, whatever was asked for before
        ++m_numLoads;
        m_next = {};
        return;
    }
    m_desk.leave();
    load(session, false);
}

void SessionKeeper::restore(qint64 session) { load(session, true); }

void SessionKeeper::load(qint64 session, bool isStart)
{
    const int number = ++m_numLoads;
    m_archive.load(session, this, [this, number, isStart](Result<SessionContent> reply) {
        if (number != m_numLoads) return;
        if (isStart && !m_desk.state().isEmpty()) return;
        if (!reply) {
            Q_EMIT failed(reply.error());
            return;
        }
        const auto content = std::make_shared<SessionContent>(std::move(*reply));
        m_next = [this, content] { show(std::move(*content)); };
        proceed();
    });
}

void SessionKeeper::show(SessionContent content)
{
    ++m_epoch;
    m_entry = content.entry;
    const SessionState state = sessionState(std::move(content));
    m_writer.begin(state);
    m_isShowing = true;
    m_desk.show(state);
    m_isShowing = false;
    m_document = m_writer.changeOf(m_desk.state()).document; // to open is not to edit
    m_isDirty = false;
    m_timer.stop();
    Q_EMIT currentChanged(m_entry.id);
}

void SessionKeeper::beginNew(std::function<void()> then)
{
    ++m_numLoads;
    m_desk.leave();
    m_next = [this, then = std::move(then)] {
        clear();
        if (then) then();
    };
    proceed();
}

void SessionKeeper::openBegun(qint64 session, qint64 createdUs, std::function<void(bool isOpen)> then)
{
    const int number = ++m_numLoads;
    m_archive.load(session, this, [this, number, createdUs, then = std::move(then)](Result<SessionContent> reply) {
        if (number != m_numLoads) return;
        if (!reply || reply->entry.createdUs != createdUs) return then(false);
        m_desk.leave();
        const auto content = std::make_shared<SessionContent>(std::move(*reply));
        m_next = [this, content, then] {
            show(std::move(*content));
            then(true);
        };
        proceed();
    });
}

void SessionKeeper::clear()
{
    SessionState state = m_desk.state(); // model, settings and mode stay
    SessionState empty;
    empty.mode = state.mode;
    empty.model = state.model;
    empty.sampling = state.sampling;
    empty.isColored = state.isColored;
    empty.isManual = state.isManual;
    empty.showsMore = state.showsMore;
    empty.seesWhole = state.seesWhole;
    empty.showsTokens = state.showsTokens;
    for (const ComparedColumn &column : state.columns) empty.columns.push_back({column.model, column.sampling, nullptr});
    ++m_epoch;
    m_entry = {};
    m_document = {};
    m_writer.beginNew();
    m_isShowing = true;
    m_desk.show(empty);
    m_isShowing = false;
    m_isDirty = false;
    m_timer.stop();
    Q_EMIT currentChanged(0);
}

void SessionKeeper::adopt()
{
    ++m_epoch;
    m_entry = {};
    m_document = {};
    const SessionState state = m_desk.state();
    m_writer.begin(state);
    m_writer.forgetKept();
    noteChange();
    Q_EMIT currentChanged(0);
}

void SessionKeeper::letGo()
{
    ++m_numLoads;
    m_desk.leave();
    m_next = {};
    clear();
}

void SessionKeeper::takeEntry(const SessionEntry &entry)
{
    if (entry.id != m_entry.id) return;
    const qint64 revision = m_entry.revision; // of what this window wrote
    m_entry = entry;
    m_entry.revision = revision;
}

void SessionKeeper::saveNow()
{
    while (true) {
        if (m_isSaving) {
            m_archive.flush(); // its answer says what the next one goes out from
            if (m_hasFailed || m_isSaving) return;
            continue;
        }
        if (!m_isDirty && !m_writer.isMore()) return;
        save();
        if (!m_isSaving) return;
    }
}

} // namespace orrery::ui
