// SPDX-License-Identifier: GPL-3.0-or-later
// The window's session asks a real host for edits, undo, notes, imports and exports.
#include "app/workbench/rpc_session.h"
#include "core/spec/run_notes.h"
#include "host_process.h"

#include <QDir>
#include <QFileInfo>

#include <optional>

using namespace orrery;
using namespace orrery::ui;
using orrery::test::HostProcess;
using orrery::test::kPatienceMs;

class TestRpcSessionEdits : public QObject {
    Q_OBJECT
    std::unique_ptr<HostProcess> m_host;
    std::unique_ptr<RpcSession> m_session;

    /// Waits for the answer of one request.
    template <typename T, typename Ask> Result<T> answer(Ask ask)
    {
        std::optional<Result<T>> got;
        const auto pending = ask([&got](Result<T> result) { got.emplace(std::move(result)); });
        static_cast<void>(pending);
        if (!QTest::qWaitFor([&got] { return got.has_value(); }, kPatienceMs)) qFatal("no answer");
        return std::move(*got);
    }
    Result<RunStatus> created()
    {
        return answer<RunStatus>([this](Reply<RunStatus> reply) {
            m_session->createRun(m_host->specJson(10), {}, false, this, std::move(reply));
            return 0;
        });
    }

private Q_SLOTS:
    void init()
    {
        m_host = std::make_unique<HostProcess>();
        QVERIFY(m_host->start());
        m_session = std::make_unique<RpcSession>(m_host->options());
        QVERIFY(QTest::qWaitFor([this] { return m_session->connectionState() == ConnectionState::Connected; },
                                kPatienceMs));
    }
    void cleanup()
    {
        m_session.reset();
        m_host.reset();
    }

    void aMemoryOfAnotherTrainingIsTold()
    {
        const auto write = [this](const char *name, const QByteArray &content) {
            QFile file(m_host->path(name));
            if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) qFatal("no disk");
            return file.fileName().toStdString();
        };
        const QString model = m_host->path("model");
        QVERIFY(QDir().mkpath(model));
        write("model/config.json", "{}");
        write("model/model.safetensors", "{}");
        const std::string foreign = write("foreign.memory", "foreign "), own = write("own.memory", "own ");
        const auto noteBehind = [&](const MemoryEdit &edit) {
            const auto done = answer<MemoryReport>(
                [&](Reply<MemoryReport> reply) { return m_session->editMemory(model, edit, this, std::move(reply)); });
            return QString::fromStdString(done.ok() ? done->note : done.error().text());
        };
        QCOMPARE(noteBehind({}), QString());
        const QString told = QStringLiteral("What is loaded is of another run.");
        QCOMPARE(noteBehind({.verb = MemoryVerb::Load, .path = foreign}), told);
        QCOMPARE(noteBehind({}), told);
        QCOMPARE(noteBehind({.verb = MemoryVerb::Load, .path = own}), QString());
    }
    void runsAreEditedDeletedAndRestored()
    {
        const auto run = created();
        QVERIFY2(run.ok(), "no run");
        const QString id = QString::fromStdString(run->id);
        RunEdit edit;
        edit.tags = {"a"};
        const auto edited = answer<RunStatus>([&](Reply<RunStatus> reply) {
            m_session->editRun(id, edit, this, std::move(reply));
            return 0;
        });
        QVERIFY(edited.ok());
        QCOMPARE(edited->labels.tags, std::vector<std::string>{"a"});
        const auto noted = answer<void>([&](Reply<void> reply) {
            m_session->annotate(id, 3, QStringLiteral("look"), this, std::move(reply));
            return 0;
        });
        QVERIFY(noted.ok());
        const auto corrected = answer<void>([&](Reply<void> reply) {
            m_session->replaceNote(id, 1, 3, QStringLiteral("look here"), this, std::move(reply));
            return 0;
        });
        QVERIFY(corrected.ok());
        const auto events = answer<std::vector<RunEvent>>([&](Reply<std::vector<RunEvent>> reply) {
            m_session->listEvents(id, 0, this, std::move(reply));
            return 0;
        });
        QVERIFY(events.ok());
        QCOMPARE(notesNow(*events).front().text, std::string("look here"));
        const auto deleted = answer<void>([&](Reply<void> reply) {
            m_session->deleteRun(id, this, std::move(reply));
            return 0;
        });
        QVERIFY(deleted.ok());
        const auto trash = answer<std::vector<DeletedRun>>([&](Reply<std::vector<DeletedRun>> reply) {
            m_session->listTrash(this, std::move(reply));
            return 0;
        });
        QVERIFY(trash.ok());
        QCOMPARE(trash->size(), size_t{1});
        QCOMPARE(trash->front().id, run->id);
        const auto emptied = answer<std::vector<DeletedRun>>([&](Reply<std::vector<DeletedRun>> reply) {
            m_session->emptyTrash({false, 0, {"nobody"}}, this, std::move(reply));
            return 0;
        });
        QVERIFY(!emptied.ok());
        QCOMPARE(emptied.error().code, ErrorCode::NotFound);
        const auto restored = answer<RunStatus>([&](Reply<RunStatus> reply) {
            m_session->restoreRun(QString::fromStdString(trash->front().entry), this, std::move(reply));
            return 0;
        });
        QVERIFY(restored.ok());
        QCOMPARE(restored->labels.tags, std::vector<std::string>{"a"});
        const auto branched = answer<RunStatus>([&](Reply<RunStatus> reply) {
            m_session->branchRun(id, 3, {}, false, this, std::move(reply));
            return 0;
        });
        QVERIFY(!branched.ok());
        QCOMPARE(branched.error().code, ErrorCode::NotFound); // it has no checkpoint
    }
    void logsComeInAndGoOut()
    {
        const QString logs = m_host->path("logs");
        QDir().mkpath(logs);
        QVERIFY(QFile::copy(
            QStringLiteral(ORRERY_TEST_DATA "/../store/fixtures/events.out.tfevents.1700000000.golden"),
            logs + QStringLiteral("/tfevents")));
        std::vector<TransferAmount> amounts;
        bool isAnswered = false;
        const auto imported = answer<ImportedRuns>([&](const Reply<ImportedRuns> &reply) {
            return m_session->importRunsWatched(
                logs, this,
                [&](const TransferAmount &amount) {
                    QVERIFY(!isAnswered);
                    amounts.push_back(amount);
                },
                [&isAnswered, reply](Result<ImportedRuns> result) {
                    isAnswered = true;
                    reply(std::move(result));
                });
        });
        QVERIFY(imported.ok());
        QVERIFY(!amounts.empty());
        const auto numBytes = static_cast<uint64_t>(QFileInfo(logs + QStringLiteral("/tfevents")).size());
        for (const TransferAmount &amount : amounts) QVERIFY(amount.numTotal == numBytes && amount.numDone <= numBytes);
        QCOMPARE(imported->runs.size(), size_t{1});
        QCOMPARE(imported->numPoints, quint64{28});
        QVERIFY(!imported->notes.isEmpty());
        const auto exported = answer<void>([&](Reply<void> reply) {
            return m_session->exportRun(QString::fromStdString(imported->runs.front().id),
                                        m_host->path("out"), this, std::move(reply));
        });
        QVERIFY(exported.ok());
        QVERIFY(!QDir(m_host->path("out")).isEmpty());
    }
    void modelsLearnWhatTheyRemember()
    {
        const QString model = m_host->path("plain-model"), slow = m_host->path("slow-model");
        QVERIFY(QDir().mkpath(model) && QDir().mkpath(slow));
        ModelConsolidationRequest request;
        request.model = model.toStdString();
        request.directory = m_host->path("learned").toStdString();
        request.isLoaded = true;
        std::vector<ConsolidationAmount> amounts;
        bool isAnswered = false;
        const auto learned = answer<ModelConsolidationSummary>([&](const Reply<ModelConsolidationSummary> &reply) {
            return m_session->consolidate(
                request, this,
                [&](const ConsolidationAmount &amount) {
                    QVERIFY(!isAnswered);
                    amounts.push_back(amount);
                },
                [&isAnswered, reply](Result<ModelConsolidationSummary> result) {
                    isAnswered = true;
                    reply(std::move(result));
                });
        });
        QVERIFY2(learned.ok(), learned.ok() ? "" : learned.error().text().c_str());
        QVERIFY(!amounts.empty());
        QCOMPARE(amounts.front().phase, ConsolidationPhase::Loading);
        QCOMPARE(learned->numSlots, int64_t(12));
        QVERIFY(QFileInfo(m_host->path("learned")).isDir());
        // Nobody waits for it any more: neither an answer nor a folder.
        request.model = slow.toStdString();
        request.directory = m_host->path("never").toStdString();
        bool isLearning = false, isTold = false;
        auto pending = m_session->consolidate(
            request, this,
            [&](const ConsolidationAmount &amount) { isLearning = isLearning || amount.phase == ConsolidationPhase::Learning; },
            [&](const Result<ModelConsolidationSummary> &) { isTold = true; });
        QVERIFY(QTest::qWaitFor([&] { return isLearning; }, kPatienceMs));
        pending.reset();
        QTest::qWait(300);
        QVERIFY(!isTold && !QFileInfo::exists(m_host->path("never")));
    }
};

QTEST_GUILESS_MAIN(TestRpcSessionEdits)
#include "tst_rpc_session_edits.moc"
