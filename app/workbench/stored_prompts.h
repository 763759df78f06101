// SPDX-License-Identifier: GPL-3.0-or-later
// The archive of prompt sessions for the window: a thread of its own has the file open and does one thing after another;
// what is asked is answered on the GUI thread. A file that cannot be read is put aside and told. GUI thread only.
#pragma once

#include "widgets/play/prompt_archive.h"

#include <QPointer>
#include <QThread>

#include <filesystem>
#include <functional>

namespace orrery::ui {

class PromptWorker;

class StoredPrompts : public PromptArchive {
    Q_OBJECT
public:
    explicit StoredPrompts(std::filesystem::path file, QObject *parent = nullptr);
    ~StoredPrompts() override; ///< what was asked is done before it goes

    void list(const QString &search, QObject *context, Reply<SessionListing> reply) override;
    void searchOn(const QString &search, QObject *context, Reply<SessionListing> reply) override;
    void load(qint64 session, QObject *context, Reply<SessionContent> reply) override;
    void save(SessionChange change, QObject *context, Reply<SessionEntry> reply) override;
    void rename(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply) override;
    void pin(qint64 session, bool isPinned, QObject *context, Reply<SessionEntry> reply) override;
    void duplicate(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply) override;
    void remove(qint64 session, QObject *context, Reply<void> reply) override;
    void bringBack(qint64 session, QObject *context, Reply<SessionEntry> reply) override;
    void flush() override;

private:
    template <typename T, typename Work> void ask(QObject *context, Reply<T> reply, Work work);
    void search(const QString &search, bool isBegin, QObject *context, Reply<SessionListing> reply);

    QThread m_thread;
    PromptWorker *m_worker;
};

} // namespace orrery::ui
