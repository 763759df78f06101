// SPDX-License-Identifier: Apache-2.0
// What people say about a run: limits, durability, broken files.
#include "core/store/catalogue.h"
#include "core/store/run_labels.h"
#include "core/store/run_note.h"
#include "tests/store/store_fixture.h"

#include <thread>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

namespace {

RunEdit named(const std::string &name)
{
    RunEdit edit;
    edit.name = name;
    return edit;
}
RunEdit tagged(const std::vector<std::string> &tags)
{
    RunEdit edit;
    edit.tags = tags;
    return edit;
}
RunEdit noted(const std::string &notes)
{
    RunEdit edit;
    edit.notes = notes;
    return edit;
}
RunEdit archived()
{
    RunEdit edit;
    edit.isArchived = true;
    return edit;
}

} // namespace

class TestRunLabels : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    std::unique_ptr<RunDirectory> m_run;

    Result<StoredLabels> edit(const RunEdit &edit) { return editRunLabels(m_run->path(), "run-1", edit); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        auto run = RunDirectory::create(m_folder->path() / "run-1", frozenSpec("run-1", "first"));
        VERIFY_OK(run);
        m_run = std::make_unique<RunDirectory>(std::move(*run));
    }

    void nothingWasSaidAtFirst()
    {
        const auto stored = readRunLabels(m_run->path());
        VERIFY_OK(stored);
        QCOMPARE(stored->labels, RunLabels());
        QVERIFY(stored->name.empty());
        QVERIFY(!fs::exists(m_run->path() / kLabelsFile));
    }
    void whatIsNotSetStays()
    {
        VERIFY_OK(edit(named("second")));
        VERIFY_OK(edit(tagged({"a", "b", "a"})));
        VERIFY_OK(edit(noted("first line\nsecond: 📈")));
        const auto stored = edit(archived());
        VERIFY_OK(stored);
        QCOMPARE(stored->name, std::string("second"));
        QCOMPARE(stored->labels.tags, (std::vector<std::string>{"a", "b"}));
        const RunStatus status = m_run->status();
        QCOMPARE(status.name, std::string("second"));
        QCOMPARE(status.labels, stored->labels);
        QVERIFY(status.labels.isArchived);
        VERIFY_OK(edit(named("")));
        VERIFY_OK(edit(tagged({})));
        QCOMPARE(m_run->status().name, std::string("first")); // of its spec again
        QVERIFY(m_run->status().labels.tags.empty());
    }
    void theNewNameFindsTheRun()
    {
        const Catalogue catalogue(m_folder->path() / "home");
        VERIFY_OK(catalogue.add(m_run->path()));
        VERIFY_OK(edit(named("second")));
        VERIFY_OK(catalogue.resolve("second"));
        VERIFY_ERROR(catalogue.resolve("first"), ErrorCode::NotFound, "first");
    }
    void limitsAreNamed()
    {
        const auto refuses = [this](const RunEdit &wrong, const char *fragment) {
            const auto answer = edit(wrong);
            VERIFY_ERROR(answer, ErrorCode::InvalidInput, fragment);
            QVERIFY(!fs::exists(m_run->path() / kLabelsFile));
        };
        std::vector<std::string> tags(65);
        for (size_t i = 0; i < tags.size(); ++i) tags[i] = std::to_string(i);
        refuses(tagged(tags), "65 tags, expected at most 64");
        std::string longTag;
        for (int i = 0; i < 65; ++i) longTag += "ü";
        refuses(tagged({longTag}), "has 65 characters, expected at most 64");
        refuses(tagged({" "}), "a tag is \" \"");
        refuses(tagged({"a\nb"}), "no line of UTF-8");
        refuses(tagged({"\xff"}), "no line of UTF-8");
        refuses(noted(std::string(65'537, 'x')), "the notes have 65537 bytes");
        refuses(noted("\xff"), "no UTF-8");
        refuses(named(std::string(201, 'x')), "201 characters");
        refuses(named("a\tb"), "no line of UTF-8");
        tags.pop_back();
        VERIFY_OK(edit(tagged(tags)));
        VERIFY_OK(edit(noted(std::string(65'536, '\x01'))));
        VERIFY_OK(readRunLabels(m_run->path()));
    }
    void aBrokenFileHidesNoRun_data()
    {
        QTest::addColumn<QString>("content");
        QTest::addColumn<QString>("found");
        QTest::newRow("cut") << "{\"labels_version\": 1, \"tags\": [\"a\""
                             << "no JSON object";
        QTest::newRow("list") << "[]"
                              << "not a JSON object";
        QTest::newRow("no version") << "{}"
                                    << "no labels_version";
        QTest::newRow("tags") << "{\"labels_version\": 1, \"tags\": [1]}"
                              << "no list of texts";
        QTest::newRow("notes") << "{\"labels_version\": 1, \"notes\": 1}"
                               << "no text";
        QTest::newRow("archived") << "{\"labels_version\": 1, \"archived\": 1}"
                                  << "neither";
        QTest::newRow("rule") << "{\"labels_version\": 1, \"tags\": [\"\"]}"
                              << "breaks a rule";
    }
    void aBrokenFileHidesNoRun()
    {
        QFETCH(QString, content);
        QFETCH(QString, found);
        writeText(m_run->path() / kLabelsFile, content.toStdString());
        const auto stored = readRunLabels(m_run->path());
        QVERIFY(!stored.ok());
        if (found != QLatin1String("no JSON object"))
            QVERIFY2(errorText(stored).contains(found), qPrintable(errorText(stored)));
        const RunStatus status = m_run->status();
        QCOMPARE(status.state, RunState::Created);
        QCOMPARE(status.name, std::string("first"));
        QVERIFY(status.error.find("Cannot read the labels") != std::string::npos);
        VERIFY_OK(edit(tagged({"new"})));
        QCOMPARE(readText(m_run->path() / "labels.json.broken"), content.toStdString());
        QVERIFY(m_run->status().error.empty());
        VERIFY_OK(m_run->remove());
        QVERIFY(!fs::exists(m_run->path()));
    }
    void whatANewerProgramWroteStays()
    {
        const std::string newer = "{\"labels_version\": 2, \"tags\": [\"kept\"]}";
        writeText(m_run->path() / kLabelsFile, newer);
        VERIFY_ERROR(readRunLabels(m_run->path()), ErrorCode::Conflict, "labels_version is 2, expected 1");
        QVERIFY(m_run->status().error.find("update this one") != std::string::npos);
        VERIFY_ERROR(edit(tagged({"new"})), ErrorCode::Conflict, "update this one");
        QCOMPARE(readText(m_run->path() / kLabelsFile), newer);
        QVERIFY(!fs::exists(m_run->path() / "labels.json.broken"));
    }
    void noBrokenFileTakesThePlaceOfAnother()
    {
        for (const char *broken : {"first", "second", "third"}) {
            writeText(m_run->path() / kLabelsFile, broken);
            VERIFY_OK(edit(tagged({"new"})));
        }
        QCOMPARE(readText(m_run->path() / "labels.json.broken"), std::string("first"));
        QCOMPARE(readText(m_run->path() / "labels.json.broken~2"), std::string("second"));
        QCOMPARE(readText(m_run->path() / "labels.json.broken~3"), std::string("third"));
        VERIFY_OK(m_run->remove());
        QVERIFY(!fs::exists(m_run->path()));
    }
    void aFileThatIsTooLargeIsNotRead()
    {
        writeText(m_run->path() / kLabelsFile, std::string((1 << 20) + 1, ' '));
        QVERIFY(!readRunLabels(m_run->path()).ok());
        QCOMPARE(m_run->status().state, RunState::Created);
    }
    void twoWhoEditLoseNothing()
    {
        constexpr int kEach = 20;
        const auto tag = [this](int first) {
            for (int i = 0; i < kEach; ++i)
                static_cast<void>(editRunLabels(m_run->path(), "run-1", [&](const StoredLabels &stored) {
                    RunEdit edit;
                    edit.tags = stored.labels.tags;
                    edit.tags->push_back(std::to_string(first + i));
                    return edit;
                }));
        };
        std::thread other(tag, 0);
        tag(1000);
        other.join();
        QCOMPARE(readRunLabels(m_run->path())->labels.tags.size(), size_t{2 * kEach});
    }
    void aCopyTakesThemAlong()
    {
        VERIFY_OK(edit(tagged({"a"})));
        const auto copy = m_run->copyTo(m_folder->path() / "copy");
        VERIFY_OK(copy);
        QCOMPARE(copy->status().labels.tags, std::vector<std::string>{"a"});
    }

    void notesBecomeEvents()
    {
        VERIFY_OK(addNote(*m_run, {120, "the loss jumps"}));
        VERIFY_OK(addNote(*m_run, {7, "and here"}));
        const auto reader = RunReader::open(m_run->path());
        VERIFY_OK(reader);
        const auto events = (*reader)->events(0, 10);
        QCOMPARE(events->size(), size_t{2});
        QCOMPARE(events->front().step, 120);
        QCOMPARE(events->front().kind, EventKind::Note);
        QCOMPARE(events->front().text, std::string("the loss jumps"));
        QCOMPARE(events->front().payload, std::string(R"({"annotation":true})"));
        QCOMPARE(m_run->status().state, RunState::Created);
    }
    void notesAreCorrectedAndRemoved()
    {
        VERIFY_OK(addNote(*m_run, {120, "the lsos jumps"}));
        VERIFY_OK(addNote(*m_run, {7, "and here"}));
        VERIFY_OK(addNote(*m_run, {120, "the loss jumps", 1}));
        const auto now = [this] {
            const auto reader = RunReader::open(m_run->path());
            return notesNow((*reader)->events(0, 100).value());
        };
        QCOMPARE(now().size(), size_t{2});
        QCOMPARE(now().front().id, 1);
        QCOMPARE(now().front().text, std::string("the loss jumps"));
        QCOMPARE(now().back().text, std::string("and here"));
        VERIFY_OK(addNote(*m_run, {7, "", 2}));
        VERIFY_OK(addNote(*m_run, {120, "", 3})); // by the id of the correction, too
        QVERIFY(now().empty());
        VERIFY_OK(addNote(*m_run, {7, "and here", 2})); // as an undo does it
        QCOMPARE(now().size(), size_t{1});
        QCOMPARE(now().front().id, 2);
        // The events say what happened: nothing was changed in place.
        const auto reader = RunReader::open(m_run->path());
        QCOMPARE((*reader)->events(0, 100)->size(), size_t{6});
        QCOMPARE((*reader)->events(0, 100)->front().text, std::string("the lsos jumps"));
        QCOMPARE((*reader)->events(0, 100)->at(2).payload, std::string(R"({"annotation":true,"replaces":1})"));
    }
    void onlyNotesOfPeopleAreCorrected()
    {
        VERIFY_ERROR(addNote(*m_run, {1, "x", 1}), ErrorCode::NotFound, "Cannot correct note 1 of run \"run-1\": the run has no events yet");
        {
            const auto lock = m_run->lock("test");
            const auto writer = RunWriter::open(m_run->path());
            RunEvent event;
            event.kind = EventKind::Started;
            (*writer)->addEvent(event);
            VERIFY_OK((*writer)->flush());
        }
        VERIFY_ERROR(addNote(*m_run, {1, "x", 1}), ErrorCode::NotFound, "an event of the kind \"started\"");
        VERIFY_ERROR(addNote(*m_run, {1, "x", 9}), ErrorCode::NotFound, "there is no event of this id");
        VERIFY_ERROR(addNote(*m_run, {1, "x", -9}), ErrorCode::InvalidInput, "the note to be replaced is -9");
        VERIFY_ERROR(addNote(*m_run, {1, " ", 1}), ErrorCode::InvalidInput, "the note is empty");
    }
    void correctionsOfWhatIsNotKnownStandForThemselves()
    {
        const RunEvent event{.id = 9, .kind = EventKind::Note, .text = "x", .payload = notePayload(4)};
        NoteCorrections corrections;
        QCOMPARE(corrections.add(event), int64_t{0});
        QCOMPARE(replacedNote(event), int64_t{4});
        QCOMPARE(notesNow({event}).size(), size_t{1});
        // Payloads of others, and broken ones, are none.
        for (const char *payload : {"", "{", "[]", R"({"annotation":1})", R"({"annotation":false})", R"({"replaces":4})"})
            QVERIFY(!isAnnotation({.kind = EventKind::Note, .payload = payload}));
        QVERIFY(!isAnnotation({.kind = EventKind::Alarm, .payload = notePayload(0)}));
        for (const char *payload : {R"({"annotation":true,"replaces":"4"})", R"({"annotation":true,"replaces":-4})",
                                    R"({"annotation":true,"replaces":4.5})"})
            QCOMPARE(replacedNote({.kind = EventKind::Note, .payload = payload}), int64_t{0});
    }
    void notesHaveLimits()
    {
        VERIFY_ERROR(addNote(*m_run, {-1, "x"}), ErrorCode::InvalidInput, "the step is -1");
        VERIFY_ERROR(addNote(*m_run, {1, " \n"}), ErrorCode::InvalidInput, "the note is empty");
        VERIFY_ERROR(addNote(*m_run, {1, std::string(16'385, 'x')}), ErrorCode::InvalidInput, "16385 bytes");
        VERIFY_ERROR(addNote(*m_run, {1, "\xff"}), ErrorCode::InvalidInput, "no UTF-8");
        const auto lock = m_run->lock("training");
        VERIFY_ERROR(addNote(*m_run, {1, "x"}), ErrorCode::Conflict, "run-1");
    }
    void notesGoThroughTheSetting()
    {
        const auto note = noteFromValue(noteValue({12, "a b"}), "run-1");
        VERIFY_OK(note);
        QCOMPARE(note->step, 12);
        QCOMPARE(note->text, std::string("a b"));
        const auto correction = noteFromValue(noteValue({12, "5/6 a", 45}), "run-1");
        VERIFY_OK(correction);
        QCOMPARE(correction->replaces, 45);
        QCOMPARE(correction->text, std::string("5/6 a"));
        const auto removal = noteFromValue(noteValue({12, "", 45}), "run-1");
        VERIFY_OK(removal);
        QVERIFY(removal->text.empty());
        for (const char *wrong : {"", "x", "12", "12x y", "12 ", "12/ a", "12/0 a", "12/-1 a", "12/x a", "12/4"})
            VERIFY_ERROR(noteFromValue(wrong, "run-1"), ErrorCode::InvalidInput,
                         "Cannot annotate run \"run-1\"");
    }
};

QTEST_APPLESS_MAIN(TestRunLabels)
#include "tst_run_labels.moc"
