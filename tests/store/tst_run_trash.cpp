// SPDX-License-Identifier: Apache-2.0
// Deleting with undo, and where runs came from.
#include "core/store/catalogue.h"
#include "core/store/run_trash.h"
#include "tests/store/store_fixture.h"

#include <limits>
#include <sys/stat.h>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

class TestRunTrash : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    fs::path m_home;
    std::unique_ptr<Catalogue> m_catalogue;

    RunDirectory make(const fs::path &folder, const std::string &id)
    {
        auto run = RunDirectory::create(folder / id, frozenSpec(id));
        if (!run) qFatal("%s", run.error().text().c_str());
        writeText(run->path() / "checkpoints" / "data", "12345");
        return *run;
    }
    RunDirectory make(const std::string &id) { return make(m_catalogue->runsDirectory(), id); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_home = fs::canonical(m_folder->path()) / "home";
        m_catalogue = std::make_unique<Catalogue>(m_home);
    }

    void aDeletedRunComesBack()
    {
        const RunTrash trash(m_home);
        const RunDirectory run = make("a");
        VERIFY_OK(trash.put(run));
        QVERIFY(!fs::exists(run.path()));
        QVERIFY(m_catalogue->list().empty());
        QCOMPARE(trash.list().size(), size_t{1});
        QCOMPARE(trash.list().front().id, std::string("a"));
        QCOMPARE(trash.list().front().origin, run.path());
        QVERIFY(trash.list().front().numBytes > 5);
        const auto restored = trash.restore("a", *m_catalogue);
        VERIFY_OK(restored);
        QCOMPARE(restored->path(), run.path());
        QCOMPARE(readText(run.path() / "checkpoints" / "data"), std::string("12345"));
        QCOMPARE(m_catalogue->list().size(), size_t{1});
        QVERIFY(trash.list().empty());
        QVERIFY(fs::is_empty(m_home / "trash"));
    }
    void oneFromElsewhereIsListedAgain()
    {
        const RunTrash trash(m_home);
        const RunDirectory run = make(m_home.parent_path() / "elsewhere", "b");
        VERIFY_OK(m_catalogue->add(run.path()));
        VERIFY_OK(trash.put(run));
        VERIFY_OK(m_catalogue->forget(run.path()));
        fs::remove_all(m_home.parent_path() / "elsewhere");
        VERIFY_OK(trash.restore("b", *m_catalogue));
        QCOMPARE(m_catalogue->scan(), std::vector<fs::path>{run.path()});
    }
    void twoOfOneIdAreApart()
    {
        const RunTrash trash(m_home);
        VERIFY_OK(trash.put(make("a")));
        VERIFY_OK(trash.put(make("a")));
        QCOMPARE(trash.list().size(), size_t{2});
        VERIFY_OK(trash.restore("a", *m_catalogue));
        VERIFY_ERROR(trash.restore("a", *m_catalogue), ErrorCode::Conflict, "something is there now");
        QCOMPARE(trash.list().size(), size_t{1});
    }
    void aLiveRunStays()
    {
        const RunDirectory run = make("a");
        const auto lock = run.lock("training");
        VERIFY_ERROR(RunTrash(m_home).put(run), ErrorCode::Conflict, "control a stop");
        QVERIFY(fs::exists(run.path() / "spec.json"));
        QVERIFY(RunTrash(m_home).list().empty());
    }
    void anotherFileSystemIsRefused()
    {
        // Where there is a second file system to try it with.
        struct stat here {
        }, there{};
        if (::stat("/dev/shm", &there) != 0 || ::stat(m_folder->path().c_str(), &here) != 0 ||
            here.st_dev == there.st_dev)
            QSKIP("there is no other file system at /dev/shm");
        const fs::path far = "/dev/shm/orrery-trash-test-" + std::to_string(::getpid());
        const RunDirectory run = make(far, "a");
        const auto answer = RunTrash(m_home).put(run);
        const bool isThere = fs::exists(run.path() / "spec.json");
        fs::remove_all(far);
        VERIFY_ERROR(answer, ErrorCode::Conflict, "another file system");
        QVERIFY(isThere);
        QVERIFY(fs::is_empty(m_home / "trash"));
    }
    void anUnknownIdIsOffered()
    {
        VERIFY_OK(RunTrash(m_home).put(make("abcd")));
        VERIFY_ERROR(RunTrash(m_home).restore("abce", *m_catalogue), ErrorCode::NotFound,
                     "Did you mean \"abcd\"?");
        VERIFY_ERROR(RunTrash(m_home).restore("zzzzzzz", *m_catalogue), ErrorCode::NotFound, "trash list");
    }
    void emptyingTakesTheOlderOnes()
    {
        const RunTrash trash(m_home);
        VERIFY_OK(trash.put(make("a")));
        const double between = trash.list().front().deletedAt + 1e-6;
        VERIFY_OK(trash.put(make("b")));
        const auto gone = trash.empty(between);
        VERIFY_OK(gone);
        QCOMPARE(gone->size(), size_t{1});
        QCOMPARE(gone->front().id, std::string("a"));
        QCOMPARE(trash.list().size(), size_t{1});
        VERIFY_OK(trash.empty(std::numeric_limits<double>::infinity()));
        QVERIFY(fs::is_empty(m_home / "trash"));
    }
    void chosenOnesGoForGood()
    {
        const RunTrash trash(m_home);
        for (const char *id : {"a", "b", "c"}) VERIFY_OK(trash.put(make(id)));
        const std::string folderOfB = (m_home / "trash" / "b").string();
        // None goes where one is not there.
        VERIFY_ERROR(trash.remove({"a", "bb"}), ErrorCode::NotFound, "Cannot delete run \"bb\" for good: it is not in the trash");
        QCOMPARE(trash.list().size(), size_t{3});
        const auto gone = trash.remove({"a", folderOfB, "a"});
        VERIFY_OK(gone);
        QCOMPARE(gone->size(), size_t{2});
        QVERIFY(gone->back().numBytes > 5);
        QCOMPARE(gone->back().told().entry, folderOfB);
        QCOMPARE(trash.list().size(), size_t{1});
        QCOMPARE(trash.list().front().id, std::string("c"));
        VERIFY_ERROR(trash.remove({"c"}, [] { return true; }), ErrorCode::Cancelled, "behind 0 of 1 runs");
        QCOMPARE(trash.list().size(), size_t{1});
    }
    void twoOfOneIdAreToldApartByTheirFolders()
    {
        const RunTrash trash(m_home);
        VERIFY_OK(trash.put(make("a")));
        VERIFY_OK(trash.put(make("a")));
        VERIFY_ERROR(trash.remove({"a"}), ErrorCode::Conflict, "several of this id are in the trash");
        VERIFY_ERROR(trash.remove({"a"}), ErrorCode::Conflict, (m_home / "trash" / "a~2").string());
        // The older one, whose folder is called as the id of both.
        VERIFY_OK(trash.restore((m_home / "trash" / "a").string(), *m_catalogue));
        QCOMPARE(trash.list().size(), size_t{1});
        QCOMPARE(trash.list().front().folder, m_home / "trash" / "a~2");
        VERIFY_OK(trash.remove({"a"}));
        QVERIFY(trash.list().empty());
    }
    void whatWasToldByItsFolderComesBackByIt()
    {
        const RunTrash trash(m_home);
        const RunDirectory run = make("a");
        VERIFY_OK(trash.put(run));
        VERIFY_OK(trash.restore(run.path().string(), *m_catalogue));
        QVERIFY(fs::exists(run.path() / "spec.json"));
    }
    void linksInTheTrashLeadNowhere()
    {
        const RunDirectory kept = make(m_home.parent_path() / "elsewhere", "a");
        VERIFY_OK(RunTrash(m_home).put(make("b")));
        fs::create_directory_symlink(m_home / "trash" / "b", m_home / "trash" / "link");
        fs::create_directories(m_home / "trash" / "half");
        fs::copy_file(m_home / "trash" / "b" / "trash.json", m_home / "trash" / "half" / "trash.json");
        fs::create_directory_symlink(kept.path(), m_home / "trash" / "half" / "run");
        QCOMPARE(RunTrash(m_home).list().size(), size_t{1});
        VERIFY_OK(RunTrash(m_home).empty(std::numeric_limits<double>::infinity()));
        QVERIFY(fs::exists(kept.path() / "spec.json"));
    }
    void foreignFoldersInTheTrashAreLeftAlone()
    {
        writeText(m_home / "trash" / "mine" / "file", "x");
        writeText(m_home / "trash" / "half" / "trash.json", "{\"id\":\"half\"}");
        QVERIFY(RunTrash(m_home).list().empty());
        VERIFY_OK(RunTrash(m_home).empty(std::numeric_limits<double>::infinity()));
        QVERIFY(fs::exists(m_home / "trash" / "mine" / "file"));
    }

    void branchesKnowTheirAncestors()
    {
        make("grandparent");
        const auto branch = [this](const std::string &id, const std::string &parent, int64_t step) {
            FrozenSpec frozen = frozenSpec(id);
            frozen.branch = BranchOrigin{parent, step, "d", {"optimizer.lr"}, 3};
            return RunDirectory::create(m_catalogue->runsDirectory() / id, frozen);
        };
        VERIFY_OK(branch("parent", "grandparent", 5));
        const auto child = branch("child", "parent", 9);
        VERIFY_OK(child);
        const auto opened = RunDirectory::open(child->path());
        VERIFY_OK(opened);
        const BranchOrigin &origin = *opened->frozen().branch;
        QCOMPARE(origin.changedKeys, std::vector<std::string>{"optimizer.lr"});
        QCOMPARE(origin.specDigest, std::string("d"));
        QCOMPARE(origin.optimizerFrom, 3);
        QCOMPARE(opened->status().parent, std::string("parent"));
        QCOMPARE(opened->status().parentStep, 9);
        const auto ancestors = ancestorsOf(origin, *m_catalogue);
        QCOMPARE(ancestors.size(), size_t{2});
        QCOMPARE(ancestors[1].id, std::string("grandparent"));
        QCOMPARE(ancestors[1].step, 5);
        QVERIFY(!ancestors[1].directory.empty());
        fs::remove_all(m_catalogue->runsDirectory() / "parent");
        QCOMPARE(ancestorsOf(origin, *m_catalogue).size(), size_t{1});
        QVERIFY(ancestorsOf(origin, *m_catalogue).front().directory.empty());
        // A copy is of the same branch.
        const auto copy = opened->copyTo(m_folder->path() / "copy");
        VERIFY_OK(copy);
        QCOMPARE(copy->frozen().branch->run, std::string("parent"));
    }
    void circlesEnd()
    {
        FrozenSpec frozen = frozenSpec("a");
        frozen.branch = BranchOrigin{"a", 5, "d", {}, 0};
        VERIFY_OK(RunDirectory::create(m_catalogue->runsDirectory() / "a", frozen));
        QCOMPARE(ancestorsOf(*frozen.branch, *m_catalogue).size(), size_t{64});
    }
    void aBranchWithoutAParentIsBroken()
    {
        const RunDirectory run = make("a");
        std::string text = readText(run.path() / "spec.json");
        text.insert(1, "\"branch\": {\"step\": 3},");
        writeText(run.path() / "spec.json", text);
        VERIFY_ERROR(RunDirectory::open(run.path()), ErrorCode::InvalidInput, "without run and step");
    }
    void importedRunsAreNotTrained()
    {
        VERIFY_OK(make("a").checkTrainable());
        FrozenSpec frozen = frozenSpec("b");
        frozen.importedFrom = "/logs/b";
        VERIFY_OK(RunDirectory::create(m_catalogue->runsDirectory() / "b", frozen));
        const auto run = RunDirectory::open(m_catalogue->runsDirectory() / "b");
        VERIFY_ERROR(run->checkTrainable(), ErrorCode::Conflict, "imported from \"/logs/b\"");
    }
};

QTEST_APPLESS_MAIN(TestRunTrash)
#include "tst_run_trash.moc"
