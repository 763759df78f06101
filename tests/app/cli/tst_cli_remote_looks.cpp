// SPDX-License-Identifier: Apache-2.0
// What is looked at in models and runs of another machine: a memory, tokens, conversations, kept steps.
#include "far_host.h"
#include "npz_file.h"

#include "core/store/attention_frame_codec.h"
#include "core/store/run_store.h"

using namespace orrery;

class TestCliRemoteLooks : public QObject, protected FarHost {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase() { endServing(); }
    void looksBehindMemoriesThere();
    void anAnswerThatDoesNotFitIsTold();
    void cutsTextsThere();
    void readsConversationsFromStandardInput();
    void readsKeptFramesThere();
};

void TestCliRemoteLooks::initTestCase()
{
    serve();
    QVERIFY(m_port > 0);
    const EngineAnswer added = here(words("connections add lab %1 --fingerprint %2", {address(), m_fingerprint}), {QStringLiteral("ORRERY_TOKEN=") + m_token});
    QVERIFY2(added.exitCode == 0, qPrintable(added.all()));
    m_there.write(QStringLiteral("model/config.json"), "{}");
    m_there.write(QStringLiteral("model/model.safetensors"), "{}");
}

void TestCliRemoteLooks::looksBehindMemoriesThere()
{
    const QString model = m_there.path(QStringLiteral("model"));
    const QString other = m_there.write(QStringLiteral("other.bin"), "tales ");
    // Somebody talks with the model meanwhile: what his texts begin with stays.
    const auto talker = EngineClient::connect(m_there.path(QStringLiteral("h")).toStdString());
    QVERIFY(talker.ok());
    const std::string his = m_there.write(QStringLiteral("his.bin"), "his ").toStdString();
    QVERIFY(talker->editMemory(model.toStdString(), {.verb = MemoryVerb::Load, .path = his}).ok());
    const EngineAnswer behind = here(words("inspect memory %1 --prompt xyz --memory %2 --edit %3 --host lab --json",
                                           {model, other, QStringLiteral("forget 3")}));
    QVERIFY2(behind.exitCode == 0, qPrintable(behind.all()));
    const QJsonObject look = behind.lines().first();
    QCOMPARE(look.value(QStringLiteral("note")).toString(), QStringLiteral("tales 1 edits")); // read behind that file
    QCOMPARE(look.value(QStringLiteral("memory_file")).toString(), other);
    QCOMPARE(look.value(QStringLiteral("edits")).toArray().first().toString(), QStringLiteral("forget 3"));
    QVERIFY(!look.value(QStringLiteral("memory")).toObject().isEmpty());
    // Without a name the one that is saved with the model; where none is, none.
    m_there.write(QStringLiteral("model/memory.safetensors"), "own ");
    const QStringList plain = words("inspect memory %1 --prompt xyz --host lab --json", {model});
    QCOMPARE(here(plain).lines().first().value(QStringLiteral("note")).toString(), QStringLiteral("own 0 edits"));
    QVERIFY(QFile::remove(m_there.path(QStringLiteral("model/memory.safetensors"))));
    const EngineAnswer none = here(plain);
    QVERIFY2(none.exitCode == 0, qPrintable(none.all()));
    QCOMPARE(none.lines().first().value(QStringLiteral("note")).toString(), QStringLiteral("0 edits"));
    const InspectRequest question{.input = {.prompt = "x"}, .withMemory = true};
    const auto kept = talker->inspect(model.toStdString(), question);
    QVERIFY2(kept.ok(), kept.ok() ? "" : kept.error().text().c_str());
    QCOMPARE(kept->note, std::string("his 0 edits"));
    // The file is written here.
    const QString file = m_here.path(QStringLiteral("look.npz"));
    QCOMPARE(here(words("inspect memory %1 --prompt xyz --out %2 --host lab", {model, file})).exitCode, 0);
    QVERIFY(arraysOf(file).contains(QStringLiteral("event_id")));
    const auto refusal = [&](const char *options) { return here(words("inspect memory %1 --prompt xyz --host lab", {model}) + words(options)); };
    QVERIFY(refusal("--memory m.bin").err.contains(QStringLiteral("expected an absolute path")));
    QVERIFY(refusal("--memory /nowhere/m.bin").err.contains(QStringLiteral("/nowhere/m.bin")));
    QVERIFY(refusal("--layer 7").err.contains(QStringLiteral("layer 7 does not exist, expected 0 to 0")));
    QVERIFY(refusal("--edit burn").err.contains(QStringLiteral("\"burn\" is no edit")));
    QVERIFY(refusal("--out look.csv").err.contains(QStringLiteral("its ending is \".csv\", expected .npz or .json")));
    QVERIFY(refusal("--device cpu").err.contains(QStringLiteral("--device")));
    const EngineAnswer unnamed = here(words("inspect memory %1 --prompt xyz --host lab --memory", {model}) << QString());
    QVERIFY2(unnamed.exitCode == 3 &&
                 unnamed.err.contains(QStringLiteral("\"\" is no file, expected its path; leave --memory out")),
             qPrintable(unnamed.all()));
}

/// Of another version, or out of order: it is told, and nothing is printed of it.
void TestCliRemoteLooks::anAnswerThatDoesNotFitIsTold()
{
    const QString model = m_there.path(QStringLiteral("model"));
    for (const char *line : {"inspect attention %1 --prompt %2 --host lab", "inspect memory %1 --prompt %2 --host lab"}) {
        const EngineAnswer answer = here(words(line, {model, QStringLiteral("no place")}));
        QCOMPARE(answer.exitCode, 4);
        QVERIFY2(answer.err.contains(QStringLiteral("Cannot read the answer of \"lab\": it is about token -1 of 1, expected one of them.")),
                 qPrintable(answer.all()));
        QVERIFY(answer.out.isEmpty());
    }
}

void TestCliRemoteLooks::cutsTextsThere()
{
    const QString model = m_there.path(QStringLiteral("model"));
    const EngineAnswer cut = here(words("inspect tokens %1 --prompt abcd --host lab --json", {model}));
    QVERIFY2(cut.exitCode == 0, qPrintable(cut.all()));
    const QJsonObject json = cut.lines().first();
    QCOMPARE(json.value(QStringLiteral("tokens")).toArray().size(), 2); // two letters each, as the fake cuts
    QCOMPARE(json.value(QStringLiteral("tokens")).toArray()[1].toObject().value(QStringLiteral("bytes")).toString(), QStringLiteral("6364"));
    const QString file = m_here.write(QStringLiteral("text.txt"), "ab\n"); // of this machine
    const EngineAnswer table = here(words("inspect tokens %1 --prompt-file %2 --host lab", {model, file}));
    QCOMPARE(table.out, QStringLiteral("  place       id  bytes  text\n      0       97  61 62  \"ab\"\n      1       10  0a     \"\\n\"\n"
                                       "2 tokens, 3 bytes, 1.50 bytes/token\n"));
    const EngineAnswer nothing = here(words("inspect tokens %1 --host lab", {model}));
    QCOMPARE(nothing.exitCode, 3);
    QVERIFY2(nothing.err.contains(QStringLiteral("there is no text, expected one")), qPrintable(nothing.all()));
}

void TestCliRemoteLooks::readsConversationsFromStandardInput()
{
    const QString model = m_there.path(QStringLiteral("model"));
    const auto piped = [&](const QStringList &arguments, const QByteArray &text) {
        QProcess process;
        process.setProcessEnvironment(m_here.environment());
        process.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"), arguments);
        process.write(text);
        process.closeWriteChannel();
        process.waitForFinished(kPatienceMs);
        return EngineAnswer{process.exitCode(), QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError())};
    };
    // What the window copies of a conversation and of a look at one.
    for (const char *line : {"generate %1 --messages - --max-tokens 2 --host lab", "inspect attention %1 --messages - --host lab",
                             "inspect memory %1 --messages - --host lab"}) {
        const EngineAnswer told = piped(words(line, {model}), R"({"messages":[{"role":"user","content":"xy"}]})");
        QVERIFY2(told.exitCode == 0, qPrintable(told.all()));
        const EngineAnswer wrong = piped(words(line, {model}), "[");
        QCOMPARE(wrong.exitCode, 3);
        QVERIFY2(wrong.err.contains(QStringLiteral("standard input")), qPrintable(wrong.all()));
    }
}

void TestCliRemoteLooks::readsKeptFramesThere()
{
    QCOMPARE(here(words("control alpha stop --host lab")).exitCode, 0);
    const QJsonObject shown = here(words("runs show %1 --host lab --json", {m_run})).lines().first();
    {
        const auto writer = RunWriter::open(shown.value(QStringLiteral("directory")).toString().toStdString());
        QVERIFY2(writer.ok(), writer.ok() ? "" : writer.error().text().c_str());
        AttentionFrame frame;
        frame.tokens = {{.id = 97, .bytes = "a"}, {.id = 98, .bytes = "b"}};
        frame.heads = {{0, 0}};
        frame.summaries = {{.head = {0, 0}, .entropy = 0.5}};
        frame.mean = {255, 0, 0, 255};
        for (const int64_t step : {10, 20, 30}) {
            frame.step = step;
            const auto bytes = packFrame(frame);
            QVERIFY2(bytes.ok(), bytes.ok() ? "" : bytes.error().text().c_str());
            (*writer)->addFrame({.step = step, .kind = FrameKind::Overview, .prompt = 2}, *bytes, 1u << 20); // behind two prompts: the validation text
        }
        QVERIFY((*writer)->flush().ok());
    }
    const EngineAnswer listed = here(words("inspect frames alpha --host lab --json"));
    QVERIFY2(listed.exitCode == 0, qPrintable(listed.all()));
    QCOMPARE(listed.lines().first().value(QStringLiteral("prompt")).toInt(), 2);
    QCOMPARE(listed.lines().first().value(QStringLiteral("frames")).toArray().size(), 3);
    const QString file = m_here.path(QStringLiteral("frames.npz"));
    const EngineAnswer written = here(words("inspect frames alpha --prompt 2 --from 20 --out %1 --host lab", {file}));
    QVERIFY2(written.exitCode == 0, qPrintable(written.all()));
    const QMap<QString, Array> arrays = arraysOf(file);
    QCOMPARE(arrays[QStringLiteral("steps")].data.size(), 2 * 8);
    QCOMPARE(arrays[QStringLiteral("steps")].wholeAt(1), qint64(30));
    QCOMPARE(arrays[QStringLiteral("attention")].data.size(), 2 * 4 * 4);
    QCOMPARE(arrays[QStringLiteral("attention")].floatAt(3), 1.0F);
    const EngineAnswer starred = here(words("inspect frames alpha --starred --host lab"));
    QCOMPARE(starred.exitCode, 3);
    QVERIFY2(starred.err.contains(QStringLiteral("none of starred heads")), qPrintable(starred.all()));
    QCOMPARE(here(words("inspect frames nobody --host lab")).exitCode, 3);
}

QTEST_GUILESS_MAIN(TestCliRemoteLooks)
#include "tst_cli_remote_looks.moc"
