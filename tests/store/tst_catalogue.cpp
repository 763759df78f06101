// SPDX-License-Identifier: Apache-2.0
#include "core/store/catalogue.h"
#include "tests/store/store_fixture.h"

#include <QFile>

#include <pthread.h>
#include <set>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

class TestCatalogue : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    fs::path m_path;
    std::unique_ptr<Catalogue> m_catalogue;

    fs::path makeIn(const fs::path &folder, const std::string &id, const std::string &name = "",
                    double createdAt = 1000)
    {
        auto run = RunDirectory::create(folder / id, frozenSpec(id, name, createdAt));
        if (!run) qFatal("%s", run.error().text().c_str());
        return run->path();
    }
    fs::path make(const std::string &id, const std::string &name = "", double createdAt = 1000)
    {
        return makeIn(m_catalogue->runsDirectory(), id, name, createdAt);
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_path = fs::canonical(m_folder->path());
        m_catalogue = std::make_unique<Catalogue>(m_path / "home" / "orrery");
    }

    void anEmptyHomeHasNoRuns()
    {
        QVERIFY(m_catalogue->scan().empty());
        QVERIFY(m_catalogue->list().empty());
        VERIFY_ERROR(m_catalogue->resolve("x"), ErrorCode::NotFound, "\"x\"");
        VERIFY_ERROR(m_catalogue->resolve(""), ErrorCode::NotFound, "no run");
    }
    /// More than one thread reads alone, one of them broken.
    void listsManyRunsEachOnce()
    {
        constexpr int kRuns = 70;
        for (int i = 0; i < kRuns; ++i) make("run-" + std::to_string(i));
        QFile broken(QString::fromStdString((m_path / "home" / "orrery" / "runs" / "run-7" / "spec.json").string()));
        QVERIFY(broken.open(QIODevice::WriteOnly) && broken.write("{") == 1);
        broken.close();
        const std::vector<RunStatus> runs = m_catalogue->list();
        QCOMPARE(runs.size(), size_t{kRuns});
        std::set<std::string> ids;
        for (const RunStatus &run : runs) {
            ids.insert(run.id);
            QCOMPARE(fs::path(run.directory).filename().string(), run.id);
            QCOMPARE(run.state, run.id == "run-7" ? RunState::Unreadable : RunState::Created);
        }
        QCOMPARE(ids.size(), size_t{kRuns});
    }
    /// As at the system's limit of threads: one that is there does it alone.
    void listsAllWhereNoThreadCanBeStarted()
    {
        constexpr int kRuns = 70;
        for (int i = 0; i < kRuns; ++i) make("run-" + std::to_string(i));
        pthread_attr_t usual, impossible;
        QCOMPARE(pthread_getattr_default_np(&usual), 0);
        QCOMPARE(pthread_getattr_default_np(&impossible), 0);
        QCOMPARE(pthread_attr_setstacksize(&impossible, size_t{1} << 62), 0); // there is no room for one
        QCOMPARE(pthread_setattr_default_np(&impossible), 0);
        bool isRefused = false;
        try {
            std::thread([] {}).join();
        } catch (const std::system_error &) {
            isRefused = true;
        }
        const size_t numListed = m_catalogue->list().size();
        QCOMPARE(pthread_setattr_default_np(&usual), 0);
        QVERIFY(isRefused);
        QCOMPARE(numListed, size_t{kRuns});
    }
    void findsRunsInsideAndAddedOnes()
    {
        const fs::path inside = make("a");
        const fs::path outside = makeIn(m_path / "elsewhere", "b");
        QCOMPARE(m_catalogue->scan(), std::vector<fs::path>{inside});
        VERIFY_OK(m_catalogue->add(outside));
        VERIFY_OK(m_catalogue->add(m_path / "elsewhere" / "." / "b" / "")); // the same folder
        VERIFY_OK(m_catalogue->add(inside));
        QCOMPARE(m_catalogue->scan(), (std::vector<fs::path>{outside, inside}));
        // Another process, or this one later, sees the same.
        QCOMPARE(Catalogue(m_path / "home" / "orrery").scan().size(), size_t{2});
        VERIFY_OK(m_catalogue->forget(outside));
        VERIFY_OK(m_catalogue->forget(outside));
        QCOMPARE(m_catalogue->scan(), std::vector<fs::path>{inside});
        QVERIFY(fs::exists(outside / "spec.json"));
    }
    void leavesOutWhatIsGoneOrNoRun()
    {
        const fs::path outside = makeIn(m_path / "elsewhere", "b");
        VERIFY_OK(m_catalogue->add(outside));
        fs::create_directory(m_catalogue->runsDirectory() / "empty");
        writeText(m_path / "home" / "orrery" / "catalogue" / "junk.path", "not absolute");
        writeText(m_path / "home" / "orrery" / "catalogue" / "empty.path", "");
        writeText(m_path / "home" / "orrery" / "catalogue" / "half.path.tmp-1-1", "/");
        QCOMPARE(m_catalogue->scan(), std::vector<fs::path>{outside});
        fs::rename(outside, m_path / "moved");
        QVERIFY(m_catalogue->scan().empty());
        fs::rename(m_path / "moved", outside);
        QCOMPARE(m_catalogue->scan(), std::vector<fs::path>{outside});
    }
    void listsNewestFirst()
    {
        make("old", "", 1000);
        make("new", "", 3000);
        make("middle", "", 2000);
        std::vector<std::string> ids;
        for (const RunStatus &status : m_catalogue->list()) ids.push_back(status.id);
        QCOMPARE(ids, (std::vector<std::string>{"new", "middle", "old"}));
    }
    void listsUnreadableRunsWithTheirReason_data()
    {
        QTest::addColumn<QString>("spec");
        QTest::addColumn<QString>("reason");
        QTest::newRow("broken") << "{"
                                << "not a JSON object";
        QTest::newRow("newer") << R"({"spec_version":999,"id":"x","spec":{}})"
                               << "spec_version is 999";
        QTest::newRow("unknown key") << R"({"spec_version":1,"id":"x","spec":{"modle":{}}})"
                                     << "modle";
    }
    void listsUnreadableRunsWithTheirReason()
    {
        QFETCH(const QString, spec);
        QFETCH(const QString, reason);
        make("good", "", 3e10);
        const fs::path path = m_catalogue->runsDirectory() / "odd";
        writeText(path / "spec.json", spec.toStdString());
        const std::vector<RunStatus> runs = m_catalogue->list();
        QCOMPARE(runs.size(), size_t{2});
        const RunStatus &odd = runs.back();
        QVERIFY(odd.state == RunState::Unreadable);
        QCOMPARE(odd.id, std::string("odd"));
        QCOMPARE(odd.directory, path.string());
        QVERIFY2(odd.error.find(reason.toStdString()) != std::string::npos, odd.error.c_str());
        QVERIFY(odd.createdAt > 1e9); // when its spec was written
        QCOMPARE(readText(path / "spec.json"), spec.toStdString());
        QCOMPARE(m_catalogue->resolve("odd").value(), path);
    }
    void aRunningRunWithoutLockIsListedAsCrashed()
    {
        const fs::path path = make("a");
        {
            auto writer = RunWriter::open(path);
            VERIFY_OK(writer);
            RunStatus status;
            status.state = RunState::Running;
            (*writer)->setStatus(status);
        }
        QVERIFY(m_catalogue->list().front().state == RunState::Crashed);
        const auto lock = RunDirectory::open(path)->lock("worker");
        QVERIFY(m_catalogue->list().front().state == RunState::Running);
    }
    void resolvesIdsPrefixesNamesAndPaths()
    {
        const fs::path first = make("tiny-20261123-154210", "first");
        const fs::path second = make("tiny-20261124-080000", "tiny");
        const auto resolved = [this](const std::string &text) { return m_catalogue->resolve(text); };
        QCOMPARE(resolved("tiny-20261123-154210").value(), first);
        QCOMPARE(resolved("tiny-20261124").value(), second);
        QCOMPARE(resolved("first").value(), first);
        QCOMPARE(resolved("tiny").value(), second); // a whole name before the beginning of an id
        QCOMPARE(resolved(first.string()).value(), first);
        QCOMPARE(resolved(first.string() + "/").value(), first);
        VERIFY_ERROR(resolved("tiny-2026"), ErrorCode::Conflict, "tiny-20261124-080000");
        VERIFY_ERROR(resolved("frist"), ErrorCode::NotFound, "\"first\"");
        VERIFY_ERROR(resolved(m_path.string() + "/nothing"), ErrorCode::NotFound, "there is no such folder");
        VERIFY_ERROR(resolved(m_path.string() + "/"), ErrorCode::NotFound, "there is no spec.json in it");
    }
    void twoRunsOfOneNameOrIdAreAConflict()
    {
        make("a", "same");
        make("b", "same");
        VERIFY_ERROR(m_catalogue->resolve("same"), ErrorCode::Conflict, "2 runs have this name");
        const fs::path copy = m_path / "copy";
        fs::copy(m_catalogue->runsDirectory() / "a", copy, fs::copy_options::recursive);
        VERIFY_OK(m_catalogue->add(copy));
        VERIFY_ERROR(m_catalogue->resolve("a"), ErrorCode::Conflict, copy.string().c_str());
        QCOMPARE(m_catalogue->resolve(copy.string()).value(), copy);
    }
    void listsACopyBesideItsOriginal()
    {
        const RunDirectory original = RunDirectory::open(make("a", "same")).value();
        const auto copy = original.copyTo(m_path / "elsewhere" / "a", m_catalogue->unusedId("a"));
        VERIFY_OK(copy);
        VERIFY_OK(m_catalogue->add(copy->path()));
        std::set<std::string> ids;
        for (const RunStatus &run : m_catalogue->list()) ids.insert(run.id);
        QCOMPARE(ids, (std::set<std::string>{"a", "a-2"}));
        QCOMPARE(m_catalogue->resolve("a").value(), original.path());
        QCOMPARE(m_catalogue->resolve("a-2").value(), copy->path());
        QCOMPARE(m_catalogue->unusedId("a"), std::string("a-3"));
        QCOMPARE(m_catalogue->unusedId("b"), std::string("b"));
    }
    void tellsCopiesByHandApartByTheirPaths()
    {
        const fs::path original = make("a");
        make("b");
        const fs::path copy = m_path / "copy";
        fs::copy(original, copy, fs::copy_options::recursive);
        VERIFY_OK(m_catalogue->add(copy));
        std::set<std::string> ids;
        for (const RunStatus &run : m_catalogue->list()) ids.insert(run.id);
        QCOMPARE(ids, (std::set<std::string>{original.string(), copy.string(), "b"}));
        for (const RunStatus &run : m_catalogue->list()) VERIFY_OK(m_catalogue->resolve(run.id));
    }
    void manyProcessesAddAtTheSameTime()
    {
        constexpr int kNumProcesses = 8;
        constexpr int kNumRuns = 5;
        for (int process = 0; process < kNumProcesses; ++process)
            for (int i = 0; i < kNumRuns; ++i)
                makeIn(m_path / "elsewhere", std::to_string(process) + "-" + std::to_string(i));
        std::vector<pid_t> children;
        for (int process = 0; process < kNumProcesses; ++process) {
            const pid_t child = ::fork();
            if (child == 0) {
                bool isOk = true;
                for (int i = 0; i < kNumRuns; ++i) {
                    isOk &=
                        m_catalogue
                            ->add(m_path / "elsewhere" / (std::to_string(process) + "-" + std::to_string(i)))
                            .ok();
                    isOk &= m_catalogue->add(m_path / "elsewhere" / "0-0").ok();
                }
                ::_exit(isOk ? 0 : 1);
            }
            children.push_back(child);
        }
        for (const pid_t child : children) {
            int status = 1;
            ::waitpid(child, &status, 0);
            QCOMPARE(status, 0);
        }
        QCOMPARE(m_catalogue->scan().size(), size_t{kNumProcesses * kNumRuns});
    }
    void aHomeThatCannotBeWrittenIsAnError()
    {
        const Catalogue nowhere("/proc/nowhere");
        QVERIFY(nowhere.scan().empty());
        const auto added = nowhere.add(makeIn(m_path / "elsewhere", "b"));
        QVERIFY(!added.ok());
        QVERIFY(added.error().code == ErrorCode::Io || added.error().code == ErrorCode::NotFound);
    }
};

QTEST_APPLESS_MAIN(TestCatalogue)
#include "tst_catalogue.moc"
