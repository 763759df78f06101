// SPDX-License-Identifier: Apache-2.0
// What manages many runs, over RPC: labels, undoing a delete, notes, imports, exports, and branches that are
// refused (those that are not need a real checkpoint: tst_branch, tst_cli_runs).
#include "app/engine/host/host.h"
#include "core/store/run_labels.h"
#include "tests/app/host/host_fixture.h"
#undef VERIFY_OK // the same there
#include "tests/base/check_result.h"

#include <cmath>
#include <fstream>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

namespace {

fs::path goldenLog()
{
    return fs::path(ORRERY_TEST_DATA) / ".." / "store" / "fixtures" / "events.out.tfevents.1700000000.golden";
}

RunEdit tagged(const std::vector<std::string> &tags)
{
    RunEdit edit;
    edit.tags = tags;
    return edit;
}

bool hasNote(const EngineClient &client, const std::string &run, const std::string &text)
{
    const auto events = client.listEvents(run, 0);
    return events.ok() && std::any_of(events->begin(), events->end(), [&text](const RunEvent &event) {
               return event.kind == EventKind::Note && event.text == text;
           });
}

} // namespace

class TestHostEdits : public QObject {
    Q_OBJECT
    std::unique_ptr<HostFixture> m_host;

private Q_SLOTS:
    void init()
    {
        m_host = std::make_unique<HostFixture>();
        m_host->start();
    }
    void cleanup() { m_host.reset(); }

    void labelsAreSeenEverywhere()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", true);
        VERIFY_OK(created);
        RunEdit edit = tagged({"good"});
        edit.name = "renamed";
        edit.notes = "why";
        edit.isArchived = true;
        const auto edited = client.editRun(created->id, edit);
        VERIFY_OK(edited);
        QCOMPARE(edited->labels.tags, std::vector<std::string>{"good"});
        // Of a live run, whose worker knows nothing of them.
        HostWatcher watcher(m_host->client(), created->id);
        QVERIFY(watcher.reaches(RunState::Running));
        QVERIFY(waitFor([&] { return watcher.status().labels.isArchived; }));
        QVERIFY(watcher.status().labels.notes.empty()); // of any size: only who asks for the run gets them
        QCOMPARE(client.status(created->id)->labels.notes, std::string("why"));
        QVERIFY(client.listRuns()->front().labels.notes.empty());
        QCOMPARE(watcher.status().name, std::string("renamed"));
        QCOMPARE(client.status("renamed")->labels.isArchived, true);
        QCOMPARE(client.listRuns()->front().labels.tags, std::vector<std::string>{"good"});
        VERIFY_OK(client.editRun(created->id, tagged({})));
        QVERIFY(waitFor([&] { return watcher.status().labels.tags.empty(); }));
        QCOMPARE(client.status(created->id)->labels.notes, std::string("why"));
        // By its name, which is another one then.
        RunEdit other;
        other.name = "renamed again";
        const auto again = client.editRun("renamed", other);
        VERIFY_OK(again);
        QCOMPARE(again->name, std::string("renamed again"));
        QCOMPARE(again->id, created->id);
    }
    void anEditOfNothingOnlyReads()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", false);
        VERIFY_OK(created);
        const fs::path labels = fs::path(created->directory) / "labels.json";
        VERIFY_OK(client.editRun(created->id, {}));
        QVERIFY(!fs::exists(labels));
        RunEdit edit;
        edit.notes = "why";
        VERIFY_OK(client.editRun(created->id, edit));
        const auto read = client.editRun(created->id, {});
        VERIFY_OK(read);
        QCOMPARE(read->labels.notes, std::string("why"));
    }
    void wrongEditsAreRefused()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", false);
        VERIFY_ERROR(client.editRun(created->id, tagged({std::string(65, 'x')})), ErrorCode::InvalidInput,
                     "at most 64");
        VERIFY_ERROR(client.editRun("nobody", tagged({})), ErrorCode::NotFound, "nobody");
    }
    void aDeletedRunComesBack()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", false);
        VERIFY_OK(client.deleteRun(created->id));
        QVERIFY(client.listRuns()->empty());
        const auto restored = client.restoreRun(created->id);
        VERIFY_OK(restored);
        QCOMPARE(restored->directory, created->directory);
        QCOMPARE(client.listRuns()->size(), size_t{1});
        VERIFY_ERROR(client.restoreRun(created->id), ErrorCode::NotFound,
                     "no run of this id is in the trash");
    }
    void theTrashIsListedAndEmptied()
    {
        const EngineClient client = m_host->client();
        QVERIFY(client.listTrash()->empty());
        std::vector<std::string> ids;
        for (int i = 0; i < 3; ++i) {
            const auto created = client.createRun(m_host->specJson(), "", false);
            VERIFY_OK(created);
            ids.push_back(created->id);
            VERIFY_OK(client.deleteRun(created->id));
        }
        const auto deleted = client.listTrash();
        VERIFY_OK(deleted);
        QCOMPARE(deleted->size(), size_t{3});
        QCOMPARE(deleted->front().id, ids.back()); // the newest first
        QVERIFY(deleted->front().numBytes > 0 && deleted->front().deletedAt > 1.7e9);
        VERIFY_OK(client.restoreRun(deleted->back().entry));
        QCOMPARE(client.listRuns()->front().id, ids.front());
        VERIFY_ERROR(client.emptyTrash({false, 0, {ids.front()}}), ErrorCode::NotFound, "it is not in the trash");
        VERIFY_ERROR(client.emptyTrash({true, std::nan(""), {}}), ErrorCode::InvalidInput, "expected 0 or more");
        QVERIFY(client.emptyTrash({})->empty()); // nothing was chosen
        QVERIFY(client.emptyTrash({true, 3600, {}})->empty());
        const auto gone = client.emptyTrash({false, 0, {deleted->front().entry}});
        VERIFY_OK(gone);
        QCOMPARE(gone->front().id, ids.back());
        QCOMPARE(client.emptyTrash({true, 0, {}})->size(), size_t{1});
        QVERIFY(client.listTrash()->empty());
    }
    void notesAreCorrectedAtRestAndLive()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", false);
        const std::string run = created->id;
        const auto notes = [&] { return notesNow(client.listEvents(run, 0).value()); };
        VERIFY_OK(client.annotate(run, 7, "at rets"));
        const int64_t note = notes().front().id;
        VERIFY_OK(client.replaceNote(run, {7, "at rest", note}));
        QCOMPARE(notes().front().text, std::string("at rest"));
        QCOMPARE(notes().front().id, note);
        VERIFY_ERROR(client.replaceNote(run, {7, "x", 99}), ErrorCode::NotFound, "there is no event of this id");
        VERIFY_ERROR(client.replaceNote(run, {7, "x", 0}), ErrorCode::InvalidInput, "its id is 0");
        // Of a run at rest its viewers are told to look again.
        {
            HostWatcher watcher(m_host->client(), run);
            QVERIFY(waitFor([&] { return watcher.numReplays() == 1; }));
            VERIFY_OK(client.replaceNote(run, {7, "at rest!", note}));
            QVERIFY(waitFor([&] { return watcher.numReplays() == 2; }));
        }
        VERIFY_OK(client.startRun(run, 0));
        QVERIFY(waitFor([&] { return client.replaceNote(run, {7, "", note}).ok(); }));
        QVERIFY(waitFor([&] { return notes().empty(); }));
        VERIFY_ERROR(client.replaceNote(run, {7, "x", 99}), ErrorCode::NotFound, "there is no event of this id");
    }
    void notesComeFromAnywhere()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", false);
        VERIFY_OK(client.annotate(created->id, 7, "at rest"));
        QVERIFY(hasNote(client, created->id, "at rest"));
        VERIFY_OK(client.startRun(created->id, 0));
        QVERIFY(waitFor([&] { return client.annotate(created->id, 3, "while it trains").ok(); }));
        QVERIFY(waitFor([&] { return hasNote(client, created->id, "while it trains"); }));
        VERIFY_ERROR(client.annotate(created->id, -3, "x"), ErrorCode::InvalidInput, "the step is -3");
        VERIFY_ERROR(client.annotate(created->id, 3, ""), ErrorCode::InvalidInput, "the note is empty");
    }
    void logsComeInAndGoOut()
    {
        const EngineClient client = m_host->client();
        const fs::path logs = m_host->home().parent_path() / "logs";
        fs::create_directories(logs / "one");
        fs::copy_file(goldenLog(), logs / "one" / "events.tfevents");
        std::vector<TransferAmount> amounts;
        const auto imported = client.importRuns(logs.string(), {}, [&amounts](const TransferAmount &amount) { amounts.push_back(amount); });
        VERIFY_OK(imported);
        QVERIFY(!amounts.empty());
        QCOMPARE(amounts.back().numTotal, static_cast<uint64_t>(fs::file_size(goldenLog())));
        QVERIFY(amounts.back().numDone <= amounts.back().numTotal);
        QCOMPARE(imported->runs.size(), size_t{1});
        QCOMPARE(imported->numPoints, uint64_t{28});
        QVERIFY(std::any_of(imported->notes.begin(), imported->notes.end(),
                            [](const std::string &note) { return note == "Not imported: 1 images."; }));
        const std::string id = imported->runs.front().id;
        QCOMPARE(client.listRuns()->front().device, std::string("imported"));
        VERIFY_ERROR(client.startRun(id, 0), ErrorCode::Conflict, "imported from");
        const fs::path out = m_host->home().parent_path() / "out";
        VERIFY_OK(client.exportRun(id, out.string()));
        QVERIFY(!fs::is_empty(out));
        VERIFY_ERROR(client.exportRun(id, out.string()), ErrorCode::Conflict, "the folder holds something");
        VERIFY_ERROR(client.exportRun(id, "relative"), ErrorCode::InvalidInput, "absolute path");
        VERIFY_ERROR(client.importRuns("relative"), ErrorCode::InvalidInput, "absolute path");
        VERIFY_ERROR(client.importRuns("/no/such/folder"), ErrorCode::NotFound, "/no/such/folder");
    }
    void branchesThatCannotBeAreRefused()
    {
        const EngineClient client = m_host->client();
        const auto created = client.createRun(m_host->specJson(), "", false);
        VERIFY_ERROR(client.branchRun({created->id, 5, "", "", false}), ErrorCode::NotFound,
                     "no checkpoint of this step");
        VERIFY_ERROR(client.branchRun({created->id, 5, "", "relative", false}), ErrorCode::InvalidInput,
                     "absolute path");
        VERIFY_ERROR(client.branchRun({"nobody", 5, "", "", false}), ErrorCode::NotFound, "nobody");
    }
};

QTEST_GUILESS_MAIN(TestHostEdits)
#include "tst_host_edits.moc"
