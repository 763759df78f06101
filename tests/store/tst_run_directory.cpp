// SPDX-License-Identifier: Apache-2.0
#include "core/store/failure_note.h"
#include "core/store/run_breakpoints.h"
#include "tests/spec/full_status.h"
#include "tests/store/store_fixture.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

class TestRunDirectory : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    fs::path m_path;

    RunDirectory make(const std::string &id = "run-1")
    {
        auto run = RunDirectory::create(m_path / id, frozenSpec(id, "a run"));
        if (!run) qFatal("%s", run.error().text().c_str());
        return *run;
    }
    static void setState(const RunDirectory &run, RunState state, int64_t checkpoint = -1)
    {
        auto writer = RunWriter::open(run.path());
        VERIFY_OK(writer);
        RunStatus status;
        status.state = state;
        status.step = 12;
        status.lastCheckpointStep = checkpoint;
        (*writer)->setStatus(status);
        VERIFY_OK((*writer)->flush());
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_path = m_folder->path();
    }

    void anEndedRunWatchesNothing()
    {
        const RunDirectory run = make();
        const auto tell = [&run](RunState state) {
            auto writer = RunWriter::open(run.path());
            VERIFY_OK(writer);
            RunStatus status = fullStatus();
            status.state = state;
            (*writer)->setStatus(status);
            VERIFY_OK((*writer)->flush());
        };
        {
            const auto lock = run.lock("training"); // its worker lives
            VERIFY_OK(lock);
            tell(RunState::Paused);
            QCOMPARE(run.status().breakpoints, fullStatus().breakpoints);
            QCOMPARE(run.status().pauseReason, fullStatus().pauseReason);
            QCOMPARE(run.status().pauseSeries, fullStatus().pauseSeries);
            tell(RunState::Running);
            QCOMPARE(run.status().breakpoints, fullStatus().breakpoints);
            QCOMPARE(run.status().pauseReason, std::string());
        }
        tell(RunState::Paused); // and now it does not
        QVERIFY(run.status().state == RunState::Crashed);
        QVERIFY(run.status().breakpoints.empty());
        QCOMPARE(run.status().pauseReason, std::string());
        QCOMPARE(run.status().pauseSeries, std::string());
        QCOMPARE(run.status().alarms, fullStatus().alarms);
    }
    void openGivesBackWhatCreateFroze()
    {
        const FrozenSpec frozen = frozenSpec("id-7", "näme");
        const auto created = RunDirectory::create(m_path / "a" / "b", frozen);
        VERIFY_OK(created);
        const auto opened = RunDirectory::open(m_path / "a" / "b");
        VERIFY_OK(opened);
        QCOMPARE(opened->frozen().id, frozen.id);
        QCOMPARE(opened->frozen().spec.name, frozen.spec.name);
        QCOMPARE(opened->frozen().spec.schedule.totalSteps, frozen.spec.schedule.totalSteps);
        QCOMPARE(opened->frozen().digest, frozen.digest);
        QCOMPARE(opened->frozen().program, frozen.program);
        QCOMPARE(opened->frozen().cpuModel, frozen.cpuModel);
        QCOMPARE(opened->frozen().createdAt, frozen.createdAt);
        std::set<std::string> names;
        for (const auto &entry : fs::directory_iterator(opened->path()))
            names.insert(entry.path().filename());
        QCOMPARE(names, (std::set<std::string>{"checkpoints", "spec.json"})); // as docs/run-directory.md says
    }
    void createTakesEmptyFoldersOnly()
    {
        fs::create_directory(m_path / "empty");
        VERIFY_OK(RunDirectory::create(m_path / "empty", frozenSpec("x")));
        VERIFY_ERROR(RunDirectory::create(m_path / "empty", frozenSpec("x")), ErrorCode::Conflict,
                     "a run is there");
        writeText(m_path / "full" / "thesis.txt", "mine");
        VERIFY_ERROR(RunDirectory::create(m_path / "full", frozenSpec("x")), ErrorCode::Conflict,
                     "thesis.txt");
        VERIFY_ERROR(RunDirectory::create(m_path / "full" / "thesis.txt", frozenSpec("x")),
                     ErrorCode::Conflict, "a file");
        writeText(m_path / "prepared" / "worker.log", "");
        VERIFY_OK(RunDirectory::create(m_path / "prepared", frozenSpec("x")));
        VERIFY_ERROR(RunDirectory::create(m_path / "bad", frozenSpec("a/b")), ErrorCode::InvalidInput, "a/b");
        QVERIFY(!RunDirectory::create("/proc/nowhere/run", frozenSpec("x")));
    }
    void openRefusesBrokenSpecs_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("found");
        QTest::newRow("empty") << ""
                               << "not a JSON object";
        QTest::newRow("list") << "[1]"
                              << "not a JSON object";
        QTest::newRow("no version") << R"({"id":"a"})"
                                    << "spec_version";
        QTest::newRow("newer") << R"({"spec_version":999,"id":"a","spec":{}})"
                               << "spec_version is 999";
        QTest::newRow("no spec") << R"({"spec_version":1,"id":"a"})"
                                 << "no object \"spec\"";
        QTest::newRow("no id") << R"({"spec_version":1,"spec":{}})"
                               << "\"id\"";
        QTest::newRow("id with slash") << R"({"spec_version":1,"id":"../a","spec":{}})"
                                       << "\"id\"";
        QTest::newRow("unknown key") << R"({"spec_version":1,"id":"a","spec":{"modle":{}}})"
                                     << "modle";
        QTest::newRow("wrong type") << R"({"spec_version":1,"id":"a","spec":{"model":{"layers":"x"}}})"
                                    << "layers";
    }
    void openRefusesBrokenSpecs()
    {
        QFETCH(const QString, text);
        QFETCH(const QString, found);
        writeText(m_path / "r" / "spec.json", text.toStdString());
        VERIFY_ERROR(RunDirectory::open(m_path / "r"), ErrorCode::InvalidInput, qPrintable(found));
    }
    void openSaysWhenThereIsNoRun()
    {
        VERIFY_ERROR(RunDirectory::open(m_path / "missing"), ErrorCode::NotFound, "no spec.json");
    }
    void aStatusIsReadWhereTheRunIsBroken()
    {
        QVERIFY(!readRunStatus(m_path / "missing").has_value());
        const RunDirectory run = make();
        QVERIFY(readRunStatus(run.path())->state == RunState::Created);
        writeText(run.path() / "spec.json", "[");
        const auto status = readRunStatus(run.path());
        QVERIFY(status.has_value());
        QVERIFY(status->state == RunState::Unreadable);
        QCOMPARE(status->id, std::string("run-1"));
        QVERIFY2(status->error.find("not a JSON object") != std::string::npos, status->error.c_str());
    }
    void idsAreReadableAndUnused()
    {
        const auto first = RunDirectory::makeId("C++ Tiny (ä)!", m_path / "runs");
        VERIFY_OK(first);
        QVERIFY2(QRegularExpression("^c-tiny-\\d{8}-\\d{6}$").match(qtext(*first)).hasMatch(),
                 first->c_str());
        const auto second = RunDirectory::makeId("C++ Tiny (ä)!", m_path / "runs");
        VERIFY_OK(second);
        QVERIFY(*first != *second);
        const auto nameless = RunDirectory::makeId("ü", m_path / "runs");
        VERIFY_OK(nameless);
        QVERIFY(nameless->starts_with("run-2"));
        VERIFY_OK(RunDirectory::create(m_path / "runs" / *first, frozenSpec(*first)));
    }
    void aSecondOwnerIsToldAboutTheFirst()
    {
        const RunDirectory run = make();
        QVERIFY(!run.isOwned());
        const auto lock = run.lock("worker");
        VERIFY_OK(lock);
        QVERIFY(run.isOwned());
        const std::string pid = "worker (pid " + std::to_string(::getpid()) + ")";
        VERIFY_ERROR(run.lock("deletion"), ErrorCode::Conflict, pid.c_str());
        VERIFY_ERROR(run.lock("deletion"), ErrorCode::Conflict, "orrery-engine control run-1 stop");
        VERIFY_ERROR(run.remove(), ErrorCode::Conflict, pid.c_str());
        QVERIFY(fs::exists(run.path() / "spec.json"));
    }
    void aWorkerLivesWhileItHoldsTheLock()
    {
        const RunDirectory run = make();
        VERIFY_OK(run.writeWorkerInfo({::getpid(), "/run/o/s", 5.5, "orrery 0.1.0"}));
        QVERIFY(!run.liveWorker());
        {
            const auto lock = run.lock("worker");
            VERIFY_OK(lock);
            const auto worker = run.liveWorker();
            QVERIFY(worker.has_value());
            QCOMPARE(worker->pid, int64_t{::getpid()});
            QCOMPARE(worker->socket, std::string("/run/o/s"));
            QCOMPARE(worker->startedAt, 5.5);
            QCOMPARE(worker->program, std::string("orrery 0.1.0"));
            writeText(run.path() / "worker.json", "{broken");
            QVERIFY(!run.liveWorker());
        }
        QVERIFY(!run.isOwned());
    }
    void anEndedWorkersFileIsNotBelieved()
    {
        const RunDirectory run = make();
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        ::waitpid(child, nullptr, 0);
        VERIFY_OK(run.writeWorkerInfo({child, "/run/o/s", 5.5, ""}));
        const auto lock = run.lock("deletion");
        VERIFY_OK(lock);
        QVERIFY(!run.liveWorker());
    }
    void aRunWithoutStoreIsCreated()
    {
        const RunStatus status = make().status();
        QVERIFY(status.state == RunState::Created);
        QCOMPARE(status.id, std::string("run-1"));
        QCOMPARE(status.name, std::string("a run"));
        QCOMPARE(status.directory, fs::canonical(m_path / "run-1").string());
        QCOMPARE(status.totalSteps, RunSpec().train.steps);
        QCOMPARE(status.createdAt, 1000.0);
    }
    void aLiveStateWithoutLockIsACrash_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<bool>("isCrash");
        for (const RunState state :
             {RunState::Starting, RunState::Running, RunState::Paused, RunState::Stopping})
            QTest::newRow(runStateName(state)) << static_cast<int>(state) << true;
        for (const RunState state :
             {RunState::Created, RunState::Stopped, RunState::Finished, RunState::Failed})
            QTest::newRow(runStateName(state)) << static_cast<int>(state) << false;
    }
    void aLiveStateWithoutLockIsACrash()
    {
        QFETCH(const int, state);
        QFETCH(const bool, isCrash);
        const RunDirectory run = make();
        setState(run, static_cast<RunState>(state), 10);
        {
            const auto lock = run.lock("worker");
            QVERIFY(run.status().state == static_cast<RunState>(state));
        }
        const RunStatus status = run.status();
        QVERIFY(status.state == (isCrash ? RunState::Crashed : static_cast<RunState>(state)));
        QCOMPARE(status.error.find("last checkpoint is step 10") != std::string::npos, isCrash);
        QCOMPARE(status.step, int64_t{12});
        QCOMPARE(status.id, std::string("run-1"));
    }
    void aNoteIsWhyARunEnded()
    {
        const RunDirectory run = make();
        setState(run, RunState::Running, 10);
        const auto file = FailureFile::reserve(run.path());
        VERIFY_OK(file);
        QCOMPARE(run.status().error,
                 std::string("The worker ended without a word. The last checkpoint is step 10."));

        const auto other = noteEndOfWorker(run.path(), ::getpid() + 1, {RunState::Crashed, "another one"});
        VERIFY_OK(other);
        QVERIFY(!*other); // it is not that worker's file
        const auto noted = noteEndOfWorker(run.path(), ::getpid(), {RunState::Crashed, "It was killed."});
        VERIFY_OK(noted);
        QVERIFY(*noted);
        QVERIFY(run.status().state == RunState::Crashed);
        QCOMPARE(run.status().error, std::string("It was killed. The last checkpoint is step 10."));
        QVERIFY(
            !*noteEndOfWorker(run.path(), ::getpid(), {RunState::Crashed, "again"})); // the first one stays

        // The next worker begins without.
        const auto next = FailureFile::reserve(run.path());
        VERIFY_OK(next);
        VERIFY_OK(file->write({RunState::Failed, "too late"}));
        QVERIFY(!readFailureNote(run.path()));
        VERIFY_OK(next->write({RunState::Failed, "Cannot write: the disk is full."}));
        QVERIFY(run.status().state == RunState::Failed);
        QCOMPARE(run.status().error, std::string("Cannot write: the disk is full."));
        // A status that was written counts more.
        setState(run, RunState::Stopped, 10);
        QVERIFY(run.status().state == RunState::Stopped);
        VERIFY_OK(run.remove());
        QVERIFY(!fs::exists(run.path()));
    }
    void aNoteFitsItsBlock_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("long") << QString(10'000, u'x');
        QTest::newRow("characters of many bytes") << QString(3000, u'ä');
        QTest::newRow("escapes") << QString(5000, u'"');
    }
    void aNoteFitsItsBlock()
    {
        QFETCH(const QString, text);
        const RunDirectory run = make();
        const auto file = FailureFile::reserve(run.path());
        VERIFY_OK(file);
        const auto size = fs::file_size(run.path() / "failure.json");
        VERIFY_OK(file->write({RunState::Failed, text.toStdString()}));
        QCOMPARE(fs::file_size(run.path() / "failure.json"), size); // which is what a full disk needs
        const auto note = readFailureNote(run.path());
        QVERIFY(note.has_value());
        const QString read = QString::fromStdString(note->text);
        QVERIFY(read.size() > 1000 && read.endsWith(u'…'));
        QVERIFY(text.startsWith(read.chopped(1)));
    }
    void aBrokenNoteIsNone_data()
    {
        QTest::addColumn<QString>("content");
        for (const char *content : {"", "{", "[]", "{}", R"({"pid":1,"state":"failed","text":7})"})
            QTest::newRow(content) << content;
    }
    void aBrokenNoteIsNone()
    {
        QFETCH(const QString, content);
        const RunDirectory run = make();
        writeText(run.path() / "failure.json", content.toStdString());
        QVERIFY(!readFailureNote(run.path()));
        const auto noted = noteEndOfWorker(run.path(), ::getpid(), {RunState::Crashed, "x"});
        VERIFY_OK(noted);
        QVERIFY(!*noted);
    }
    void notesNeedAFile()
    {
        VERIFY_ERROR(noteEndOfWorker(m_path, 1, {}), ErrorCode::NotFound, "failure.json");
        VERIFY_ERROR(FailureFile::reserve(m_path / "missing"), ErrorCode::Io, "failure.json");
        VERIFY_ERROR(FailureFile().write({}), ErrorCode::Io, "");
    }
    void aBrokenStoreIsShownWithItsReason()
    {
        const RunDirectory run = make();
        writeText(run.path() / "run.db", std::string(5000, 'x'));
        const RunStatus status = run.status();
        QVERIFY(status.state == RunState::Unreadable);
        QVERIFY2(status.error.find("not a database") != std::string::npos, status.error.c_str());
    }
    void copiesALiveRunWithWholeCheckpoints()
    {
        const RunDirectory run = make();
        const auto lock = run.lock("worker");
        auto writer = RunWriter::open(run.path());
        VERIFY_OK(writer);
        for (int step = 1; step <= 5000; ++step) (*writer)->addReport(report(step, {{"loss", 1.0 / step}}));
        RunStatus running;
        running.state = RunState::Running;
        running.step = 4711;
        (*writer)->setStatus(running);
        (*writer)->addCheckpoint({100, 1, 1, false, true, 1, "checkpoints/step-00000100"});
        (*writer)->addCheckpoint({200, 1, 1, false, true, 1, "checkpoints/step-00000200"});
        VERIFY_OK((*writer)->flush());
        writeText(run.checkpoints() / "step-00000100" / "manifest.json", "{}");
        writeText(run.checkpoints() / "step-00000100" / "model.safetensors", "weights");
        writeText(run.checkpoints() / "step-00000200" / "model.safetensors", "half");
        writeText(run.checkpoints() / "step-00000300.partial" / "manifest.json", "{}");
        writeText(run.checkpoints() / "step-00000050.deleted" / "manifest.json", "{}");
        writeText(run.path() / "frames" / "1.bin", "once upon");
        writeText(run.logFile(), "{}\n");
        VERIFY_OK(writeBreakpoints(run.path(), {"loss > 4"}));

        const fs::path target = m_path / "copy";
        VERIFY_OK(run.copyTo(target));
        (*writer)->addReport(report(5001, {{"loss", 1}}));
        VERIFY_OK((*writer)->flush());

        const auto copy = RunDirectory::open(target);
        VERIFY_OK(copy);
        QCOMPARE(readText(copy->checkpoints() / "step-00000100" / "model.safetensors"),
                 std::string("weights"));
        for (const char *name :
             {"step-00000200", "step-00000300", "step-00000300.partial", "step-00000050.deleted"})
            QVERIFY2(!fs::exists(copy->checkpoints() / name), name);
        QCOMPARE(readText(target / "frames" / "1.bin"), std::string("once upon"));
        QVERIFY(!copy->isOwned() && !fs::exists(target / "run.lock"));
        auto reader = RunReader::open(target);
        VERIFY_OK(reader);
        QCOMPARE((*reader)->query(query("loss", 1)).value().front().numPoints, uint64_t{5000});
        QCOMPARE((*reader)->checkpoints().value().size(), size_t{1});
        const RunStatus status = copy->status();
        QVERIFY(status.state == RunState::Stopped);
        QCOMPARE(status.lastCheckpointStep, int64_t{100});
        QCOMPARE(status.breakpoints, std::vector<std::string>{"loss > 4"});
        QCOMPARE(status.directory, fs::canonical(target).string());
        // It says where it comes from, in its spec and in its log.
        QCOMPARE(copy->frozen().id, std::string("copy"));
        QCOMPARE(copy->frozen().parentRun, std::string("run-1"));
        QCOMPARE(copy->frozen().parentStep, int64_t{4711});
        QCOMPARE(copy->frozen().digest, run.frozen().digest);
        QCOMPARE(copy->frozen().createdAt, run.frozen().createdAt);
        QCOMPARE(status.id, std::string("copy"));
        const RunEvent origin = (*reader)->events(0, 100).value().back();
        QVERIFY(origin.kind == EventKind::Note);
        QVERIFY2(origin.text.find("\"run-1\" at step 4711") != std::string::npos, origin.text.c_str());
        QCOMPARE(origin.payload, std::string(R"({"parent_run":"run-1","parent_step":4711})"));
        // The copy is a run of its own: it goes on from where it is.
        auto more = RunWriter::open(target);
        VERIFY_OK(more);
        QCOMPARE((*more)->beginAttempt(100).value(), 1);
    }
    void aCopyHasAnIdOfItsOwn()
    {
        const RunDirectory run = make();
        QVERIFY(run.frozen().parentRun.empty());
        QCOMPARE(run.copyTo(m_path / "other")->frozen().id, std::string("other"));
        QCOMPARE(run.copyTo(m_path / "third", "wanted")->frozen().id, std::string("wanted"));
        QCOMPARE(run.copyTo(m_path / "b" / "run-1")->frozen().id, std::string("run-1-copy"));
        QCOMPARE(run.copyTo(m_path / ".hidden")->frozen().id, std::string("run-1-copy"));
        const auto second = RunDirectory::open(m_path / "other")->copyTo(m_path / "second");
        QCOMPARE(second->frozen().parentRun, std::string("other"));
        const RunDirectory longNamed = make(std::string(198, 'x') + "ä");
        const auto copy = longNamed.copyTo(m_path / "c" / longNamed.frozen().id);
        VERIFY_OK(copy);
        QCOMPARE(copy->frozen().id, std::string(195, 'x') + "-copy");
    }
    void copyNeverWritesOverAnything()
    {
        const RunDirectory run = make();
        writeText(m_path / "taken" / "file", "mine");
        VERIFY_ERROR(run.copyTo(m_path / "taken"), ErrorCode::Conflict, "taken");
        VERIFY_ERROR(run.copyTo(run.path() / "inside"), ErrorCode::Conflict, "inside the run");
        VERIFY_ERROR(run.copyTo(run.path()), ErrorCode::Conflict, "run-1");
        QCOMPARE(readText(m_path / "taken" / "file"), std::string("mine"));
        fs::create_directory(m_path / "empty");
        VERIFY_OK(run.copyTo(m_path / "empty"));
        VERIFY_OK(RunDirectory::open(m_path / "empty"));
    }
    void removeLeavesWhatIsNotTheRuns()
    {
        const RunDirectory run = make();
        setState(run, RunState::Finished);
        writeText(run.checkpoints() / "step-00000100" / "manifest.json", "{}");
        VERIFY_OK(writeBreakpoints(run.path(), {"loss > 4"}));
        VERIFY_OK(run.remove());
        QVERIFY(!fs::exists(run.path()));

        const RunDirectory other = make("run-2");
        writeText(other.path() / "notes.txt", "mine");
        writeText(other.path() / "notes.txt.tmp-1-0", "mine");
        writeText(other.path() / "spec.json.tmp-mine", "mine");
        VERIFY_OK(other.remove());
        QVERIFY(fs::exists(other.path() / "notes.txt.tmp-1-0"));
        QVERIFY(fs::exists(other.path() / "spec.json.tmp-mine"));
        QCOMPARE(readText(other.path() / "notes.txt"), std::string("mine"));
        QVERIFY(!fs::exists(other.path() / "spec.json"));
    }
    void removeTakesWhatAKilledWriterLeft()
    {
        const RunDirectory run = make("run-3");
        writeText(run.path() / "memory.safetensors.tmp-4711-0", "half");
        writeText(run.path() / "worker.json.tmp-4711-12", "half");
        writeText(run.path() / "memory.safetensors.lock", "memory pin");
        VERIFY_OK(run.remove());
        QVERIFY(!fs::exists(run.path()));
    }
    void removeOutlastsALateReader()
    {
        const RunDirectory run = make();
        setState(run, RunState::Finished);
        // As a reader does that opened run.db before it was deleted: the file beside it comes back until the
        // reader has seen that the run is gone, and a little longer.
        std::atomic<int> numMade{0};
        std::thread reader([&] {
            const auto make = [&] { numMade += std::ofstream(run.path() / "run.db-wal").is_open() ? 1 : 0; };
            while (fs::exists(run.path() / "spec.json")) make();
            for (int i = 0; i < 20; ++i) {
                make();
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
        while (numMade == 0) std::this_thread::yield();
        const auto removed = run.remove();
        reader.join();
        VERIFY_OK(removed);
        QVERIFY(!fs::exists(run.path()));
        VERIFY_OK(RunDirectory::create(run.path(), frozenSpec("run-1", "again")));
    }
};

QTEST_APPLESS_MAIN(TestRunDirectory)
#include "tst_run_directory.moc"
