// SPDX-License-Identifier: Apache-2.0
// What is wrong with a question to a real training, or with its files, is said with value, rule and remedy;
// the training goes on.
#include "run_fixture.h"

#include "core/base/files.h"
#include "core/spec/run_records.h"
#include "core/store/run_directory.h"
#include "tests/base/check_result.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>
#include <filesystem>

using namespace orrery;
using namespace orrery::test;
using namespace Qt::StringLiterals;

class TestInspectBadInput : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void tellsOfAPromptBeyondTheContext();
    void namesWhatTheModelHasNot();
    void breakpointsNameWhatIsWrong_data();
    void breakpointsNameWhatIsWrong();
    void aMemoryIsNotEditedWhileItTrains();
    void aFrameFileCutInHalfIsNamed();
    void andTheTrainingGoesOn();

private:
    [[nodiscard]] Result<RunStatus> control(ControlVerb verb, const std::string &condition = {}) const
    {
        return m_client->control(m_run, {.verb = verb, .steps = 1, .setting = {"", condition}});
    }
    bool becomes(const std::function<bool(const RunStatus &)> &condition) const
    {
        return QTest::qWaitFor(
            [&] {
                const auto status = m_client->status(m_run);
                return status.ok() && condition(*status);
            },
            kPatienceMs);
    }

    std::unique_ptr<System> m_system;
    std::unique_ptr<QProcess> m_host;
    std::unique_ptr<EngineClient> m_client;
    std::string m_run;
};

void TestInspectBadInput::initTestCase()
{
    m_system = std::make_unique<System>();
    m_host = m_system->startHost();
    m_client = std::make_unique<EngineClient>(std::move(*m_system->client()));
    QJsonObject spec = QJsonDocument::fromJson(m_system->specJson(1'000'000)).object();
    spec[u"probes.prompts"_s] = QJsonArray{u"The "_s, QString(60, u'x')};
    spec[u"probes.frames_every"_s] = 1;
    const auto created = m_client->createRun(QJsonDocument(spec).toJson().toStdString(),
                                             m_system->path(u"looked-at"_s).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    m_run = created->id;
    QVERIFY(becomes([](const RunStatus &status) { return status.lastFrameId > 3 && status.step > 5; }));
}

void TestInspectBadInput::cleanupTestCase()
{
    m_client.reset();
    if (m_host) {
        m_host->kill();
        m_host->waitForFinished();
    }
    m_host.reset();
    m_system.reset();
}

/// It trains on, as the prompt shows something: the run says what.
void TestInspectBadInput::tellsOfAPromptBeyondTheContext()
{
    const auto events = m_client->listEvents(m_run, 0);
    VERIFY_OK(events);
    const auto warning = std::find_if(events->begin(), events->end(),
                                      [](const RunEvent &event) { return event.kind == EventKind::Warning; });
    QVERIFY(warning != events->end());
    for (const char *words : {"The probe prompt \"xxx", "has 60 tokens", "at most the model's context of 32",
                              "Shorten it in probes.prompts"})
        QVERIFY2(warning->text.find(words) != std::string::npos, warning->text.c_str());
}

void TestInspectBadInput::namesWhatTheModelHasNot()
{
    InspectRequest look;
    look.input.prompt = "The ";
    look.heads = {{9, 0}};
    const auto layer = m_client->inspect(m_run + "@live", look);
    VERIFY_ERROR(layer, ErrorCode::InvalidInput, "layer 9");
    VERIFY_ERROR(layer, ErrorCode::InvalidInput, "0 to 0");
    QVERIFY(!layer.error().hint.empty());
    look.heads = {{0, 2}};
    const auto head = m_client->inspect(m_run + "@live", look);
    VERIFY_ERROR(head, ErrorCode::InvalidInput, "head 2");
    VERIFY_ERROR(head, ErrorCode::InvalidInput, "0 to 1");
    look.heads.clear();
    look.token = 4;
    VERIFY_ERROR(m_client->inspect(m_run + "@live", look), ErrorCode::InvalidInput, "token 4");
    look.token = -1;
    look.input.prompt = std::string(33, 'x'); // one more than the context: its last ones are seen
    const auto longer = m_client->inspect(m_run + "@live", look);
    VERIFY_OK(longer);
    QCOMPARE(longer->note, std::string("Of 33 tokens the model has 1 to 32 before it here: its context is 32."));
    look.input.prompt = std::string((1 << 20) + 1, 'x');
    const auto book = m_client->inspect(m_run + "@live", look);
    VERIFY_ERROR(book, ErrorCode::InvalidInput, "1048577 bytes, expected at most 1048576");
    QVERIFY(book.error().hint.find("Shorten") != std::string::npos);
}

void TestInspectBadInput::breakpointsNameWhatIsWrong_data()
{
    QTest::addColumn<QString>("condition");
    QTest::addColumn<QString>("words");
    QTest::newRow("nothing") << u""_s << u"it is empty"_s;
    QTest::newRow("no number") << u"loss >"_s << u"no number stands behind the comparison"_s;
    QTest::newRow("a word for a number") << u"loss > much"_s << u"the number is \"much\""_s;
    QTest::newRow("no comparison") << u"loss 4"_s << u"SERIES OP NUMBER"_s;
    QTest::newRow("an unknown series")
        << u"nosuch > 3"_s << u"the run has no series \"nosuch\", expected one of loss"_s;
    QTest::newRow("a head that is not there")
        << u"head/9.0/entropy < 1"_s << u"no series \"head/9.0/entropy\""_s;
}

void TestInspectBadInput::breakpointsNameWhatIsWrong()
{
    QFETCH(QString, condition);
    QFETCH(QString, words);
    const auto refused = control(ControlVerb::Break, condition.toStdString());
    VERIFY_ERROR(refused, ErrorCode::InvalidInput, words.toUtf8().constData());
    VERIFY_ERROR(refused, ErrorCode::InvalidInput, "Cannot use the breakpoint");
    QVERIFY(!refused.error().hint.empty());
    QVERIFY(becomes([](const RunStatus &status) { return status.breakpoints.empty(); }));
}

void TestInspectBadInput::aMemoryIsNotEditedWhileItTrains()
{
    const auto edited = m_client->editMemory(m_run + "@live", {.verb = MemoryVerb::ForgetSlot, .slot = 3});
    VERIFY_ERROR(edited, ErrorCode::InvalidInput, "while a run trains");
    VERIFY_ERROR(edited, ErrorCode::InvalidInput, "expected the memory of a saved step");
    QVERIFY2(edited.error().hint.find(m_run + "@latest") != std::string::npos, edited.error().hint.c_str());
    InspectRequest whatIf{.wantsOverview = false};
    whatIf.input.prompt = "The ";
    whatIf.withMemory = true;
    whatIf.memoryEdits = {{.verb = MemoryVerb::ForgetSlot, .slot = 3}};
    const auto seen = m_client->inspect(m_run + "@live", whatIf);
    VERIFY_ERROR(seen, ErrorCode::InvalidInput, "Cannot look inside");
    QVERIFY(!seen.error().hint.empty());
}

void TestInspectBadInput::aFrameFileCutInHalfIsNamed()
{
    QVERIFY(control(ControlVerb::Pause).ok());
    QVERIFY(becomes([](const RunStatus &status) { return status.state == RunState::Paused; }));
    const auto frames = m_client->listFrames(m_run, {});
    VERIFY_OK(frames);
    QVERIFY(frames->size() >= 2);
    const std::filesystem::path file = m_system->path(u"looked-at/frames/000001.zst"_s).toStdString();
    const auto size = std::filesystem::file_size(file);
    const Result<std::string> whole = readFile(file, 1U << 30);
    VERIFY_OK(whole);
    std::filesystem::resize_file(file, size / 2);
    std::vector<std::string> problems;
    size_t numRead = 0;
    for (const FrameInfo &info : *frames) {
        const auto frame = m_client->frame(m_run, info.id);
        if (frame.ok())
            ++numRead;
        else if (frame.error().code == ErrorCode::InvalidInput)
            problems.push_back(frame.error().text());
    }
    QVERIFY(writeFileAtomically(file, *whole).ok());
    QVERIFY(!problems.empty());
    QVERIFY(numRead > 0); // the first half is what it was
    for (const char *words :
         {"Cannot read frame", "000001.zst", "cut short at byte", "bytes or more", "restore the file"})
        QVERIFY2(problems.back().find(words) != std::string::npos, problems.back().c_str());
}

void TestInspectBadInput::andTheTrainingGoesOn()
{
    QVERIFY(control(ControlVerb::Continue).ok());
    const auto now = m_client->status(m_run);
    VERIFY_OK(now);
    QVERIFY(becomes([step = now->step](const RunStatus &status) {
        return status.state == RunState::Running && status.step > step + 5;
    }));
    QVERIFY(control(ControlVerb::Stop).ok());
    QVERIFY(becomes([](const RunStatus &status) { return status.state == RunState::Stopped; }));
}

QTEST_GUILESS_MAIN(TestInspectBadInput)
#include "tst_inspect_bad_input.moc"
