// SPDX-License-Identifier: Apache-2.0
// What a model remembers, on the command line: kept in a file from call to call, listed, wiped by source,
// pinned, saved with the model, learned by its semantic memory; and what is said of files that are none.
#include "core/tensorfile/memory_file_lock.h"
#include "engine_process.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;
using orrery::MemoryFileLock;

class TestCliMemoryFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void aConversationIsKept();
    void filesWhoseNamesAreNoTextAreTwoSources();
    void aSourceThatOnlyReadIsWipedToo();
    void oneAtATimeWritesAFile();
    void saysThatAnotherRunWroteIt();
    void isSavedWithTheModel();
    void saysWhatItDid();
    void consolidates();
    void touchesMemoryFilesOnly();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();
    void anEmptyNameIsNoFileToKeepItIn();

private:
    void train(const QString &run, const QStringList &memories) const;
    [[nodiscard]] QJsonObject list(const QStringList &more) const
    {
        const EngineAnswer answer =
            m_home.run(QStringList{u"memory"_s, u"list"_s, m_run, u"--json"_s} + more);
        return answer.exitCode == 0 ? answer.lines().last() : QJsonObject();
    }
    /// What is remembered of each source.
    static QMap<QString, QString> textsOf(const QJsonObject &listed)
    {
        QMap<QString, QString> texts;
        for (const QJsonValue &event : listed[u"events"_s].toArray())
            texts[event[u"source"_s].toString()] += event[u"text"_s].toString();
        return texts;
    }
    [[nodiscard]] EngineAnswer generate(const QStringList &more) const
    {
        return m_home.run(QStringList{u"generate"_s, m_run, u"--max-tokens"_s, u"4"_s, u"--seed"_s, u"3"_s,
                                      u"--json"_s, u"--threads"_s, u"1"_s} +
                          more);
    }

    inline static const QStringList s_memories{u"plugins.use=[\"memory\"]"_s, u"plugins.memory.episodic_size=200"_s,
                                               u"plugins.memory.semantic_size=64"_s, u"plugins.memory.semantic_top_k=4"_s};
    EngineHome m_home;
    QString m_text, m_run, m_plain;
};

void TestCliMemoryFiles::initTestCase()
{
    m_text =
        m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(200));
    m_run = m_home.path(u"run"_s);
    train(m_run, s_memories);
    m_plain = m_home.path(u"plain"_s);
    train(m_plain, {});
}

void TestCliMemoryFiles::train(const QString &run, const QStringList &memories) const
{
    QStringList arguments{u"train"_s, u"--data"_s, m_text, u"--out"_s, run, u"--steps"_s, u"4"_s};
    for (const QString &setting :
         {u"model.layers=2"_s, u"model.width=32"_s, u"model.heads=2"_s, u"model.context=64"_s,
          u"model.window=8"_s, u"train.batch_size=4"_s, u"train.eval_every=4"_s, u"train.eval_tokens=64"_s,
          u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    for (const QString &setting : memories) arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments, 120'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
}

void TestCliMemoryFiles::aConversationIsKept()
{
    const QString memory = m_home.path(u"talk.memory"_s);
    const QString chat =
        m_home.write(u"chat.json"_s,
                     R"([{"role":"system","content":"abc"},{"role":"user","content":"the secret is 42"}])");
    const EngineAnswer answered = generate({u"--messages"_s, chat, u"--memory"_s, memory});
    QVERIFY2(answered.exitCode == 0, qPrintable(answered.all()));
    const QStringList file{u"--memory"_s, memory};
    auto texts = textsOf(list(file));
    QCOMPARE(texts.value(chat + u"#0:system"_s), u"<|system|>abc<|end_of_turn|>"_s);
    QCOMPARE(texts.value(chat + u"#1:user"_s), u"<|user|>the secret is 42<|end_of_turn|>"_s);
    QVERIFY(texts.value(chat + u"#2:assistant"_s).startsWith(u"<|assistant|>"_s));
    QCOMPARE(list(file)[u"events"_s].toArray().first().toObject()[u"step"_s].toInt(), 4);

    // The next call reads all of it again, and nothing is there twice.
    const EngineAnswer again = generate({u"--messages"_s, chat, u"--memory"_s, memory});
    QVERIFY2(again.exitCode == 0, qPrintable(again.all()));
    QCOMPARE(textsOf(list(file)), texts);
    const EngineAnswer other =
        generate({u"--prompt"_s, u"a note of its own"_s, u"--source"_s, u"note"_s, u"--memory"_s, memory});
    QVERIFY2(other.exitCode == 0, qPrintable(other.all()));
    QCOMPARE(textsOf(list(file)).value(u"note#text"_s), u"a note of its own"_s);

    const int first = list(file)[u"events"_s].toArray().first().toObject()[u"id"_s].toInt();
    const EngineAnswer pinned =
        m_home.run(QStringList{u"memory"_s, u"pin"_s, m_run, u"--event"_s, QString::number(first)} + file);
    QVERIFY2(pinned.exitCode == 0 && pinned.out.contains(u"  pinned"_s), qPrintable(pinned.all()));
    QVERIFY(list(file)[u"events"_s].toArray().first().toObject()[u"pinned"_s].toBool());

    const EngineAnswer wiped =
        m_home.run(QStringList{u"memory"_s, u"wipe"_s, m_run, u"--source"_s, chat + u"#1:user"_s} + file);
    QVERIFY2(wiped.exitCode == 0, qPrintable(wiped.all()));
    texts = textsOf(list(file));
    QVERIFY(!texts.contains(chat + u"#1:user"_s) && texts.contains(chat + u"#0:system"_s));
    QFile bytes(memory);
    QVERIFY(bytes.open(QIODevice::ReadOnly));
    QVERIFY(!bytes.readAll().contains("#1:user")); // not even its name
    const EngineAnswer nothing =
        m_home.run(QStringList{u"memory"_s, u"wipe"_s, m_run, u"--source"_s, chat + u"#1:user"_s} + file);
    QCOMPARE(nothing.exitCode, 3);
    QVERIFY2(nothing.err.contains(u"has nothing of it"_s), qPrintable(nothing.all()));
}

void TestCliMemoryFiles::filesWhoseNamesAreNoTextAreTwoSources()
{
    const QString memory = m_home.path(u"bytes.memory"_s);
    // A shell makes the names: a QString has no such byte.
    const auto inShell = [&](const QString &script) {
        QProcess shell;
        shell.setProcessEnvironment(m_home.environment());
        shell.setWorkingDirectory(m_home.path());
        shell.start(u"/bin/sh"_s,
                    {u"-c"_s, script, QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"), m_run, memory});
        const bool isDone = shell.waitForFinished(120'000);
        return EngineAnswer{isDone ? shell.exitCode() : -1, QString::fromUtf8(shell.readAllStandardOutput()),
                            QString::fromUtf8(shell.readAllStandardError())};
    };
    for (const QString &byte : {u"377"_s, u"376"_s}) {
        const EngineAnswer read = inShell(
            u"name=$(printf 'bad\\%1.txt'); printf 'word %1' >\"$name\"; "
            "\"$0\" generate \"$1\" --prompt-file \"$name\" --memory \"$2\" --max-tokens 1 --threads 1; "
            "code=$?; rm \"$name\"; exit $code"_s // Qt cannot remove it
                .arg(byte));
        QVERIFY2(read.exitCode == 0, qPrintable(read.all()));
    }
    const QStringList file{u"--memory"_s, memory};
    auto texts = textsOf(list(file));
    QCOMPARE(texts.value(u"bad\\xff.txt#text"_s), u"word 377"_s);
    QCOMPARE(texts.value(u"bad\\xfe.txt#text"_s), u"word 376"_s);
    // By the file's name, and by the one that is listed.
    const EngineAnswer wiped =
        inShell(u"exec \"$0\" memory wipe \"$1\" --source \"$(printf 'bad\\377.txt')\" --memory \"$2\""_s);
    QVERIFY2(wiped.exitCode == 0, qPrintable(wiped.all()));
    texts = textsOf(list(file));
    QVERIFY(!texts.contains(u"bad\\xff.txt#text"_s) && texts.contains(u"bad\\xfe.txt#text"_s));
    const EngineAnswer other =
        m_home.run(QStringList{u"memory"_s, u"wipe"_s, m_run, u"--source"_s, u"bad\\xfe.txt"_s} + file);
    QVERIFY2(other.exitCode == 0, qPrintable(other.all()));
    QVERIFY(textsOf(list(file)).isEmpty());
}

void TestCliMemoryFiles::aSourceThatOnlyReadIsWipedToo()
{
    const QString memory = m_home.path(u"read.memory"_s);
    const QStringList file{u"--memory"_s, memory},
        wipe{u"memory"_s, u"wipe"_s, m_run, u"--source"_s, u"note"_s};
    for (const QString &source : {u"talk"_s, u"note"_s}) {
        const EngineAnswer read = generate(
            {u"--prompt"_s, u"the secret is 42, it is"_s, u"--source"_s, source, u"--memory"_s, memory});
        QVERIFY2(read.exitCode == 0, qPrintable(read.all()));
    }
    for (const QJsonValue &event : list(file)[u"events"_s].toArray()) {
        if (!event[u"source"_s].toString().startsWith(u"note#"_s)) continue;
        const QString id = QString::number(event[u"id"_s].toInt());
        QCOMPARE(m_home.run(QStringList{u"memory"_s, u"forget"_s, m_run, u"--event"_s, id} + file).exitCode,
                 0);
    }
    const auto isNamed = [&] {
        QFile bytes(memory);
        return bytes.open(QIODevice::ReadOnly) && bytes.readAll().contains("note#");
    };
    QVERIFY(isNamed()); // it has no token there, yet it read those of talk
    const EngineAnswer wiped = m_home.run(wipe + file);
    QVERIFY2(wiped.exitCode == 0, qPrintable(wiped.all()));
    QVERIFY(!isNamed());
    const EngineAnswer nothing = m_home.run(wipe + file);
    QCOMPARE(nothing.exitCode, 3);
    QVERIFY2(nothing.err.contains(u"has nothing of it"_s), qPrintable(nothing.all()));
}

void TestCliMemoryFiles::oneAtATimeWritesAFile()
{
    const QString memory = m_home.path(u"busy.memory"_s);
    const QStringList file{u"--memory"_s, memory};
    QCOMPARE(generate({u"--prompt"_s, u"the secret is 42"_s, u"--memory"_s, memory}).exitCode, 0);
    {
        const auto held = MemoryFileLock::acquire(memory.toStdString(), "generate");
        QVERIFY(held.ok());
        for (const QStringList &arguments : {QStringList{u"generate"_s, m_run, u"--prompt"_s, u"x"_s},
                                             QStringList{u"memory"_s, u"pin"_s, m_run, u"--event"_s, u"1"_s},
                                             QStringList{u"memory"_s, u"wipe"_s, m_run, u"--all"_s}}) {
            const EngineAnswer refused = m_home.run(arguments + file);
            QVERIFY2(refused.exitCode != 0 &&
                         refused.err.contains(u"busy.memory.lock\": \"generate\" (process "_s),
                     qPrintable(refused.all()));
            QVERIFY2(refused.out.isEmpty(), qPrintable(refused.out)); // no answer that nobody would remember
        }
        QVERIFY(!list(file)[u"events"_s].toArray().isEmpty()); // looking is free
    }
    QCOMPARE(m_home.run(QStringList{u"memory"_s, u"pin"_s, m_run, u"--event"_s, u"1"_s} + file).exitCode, 0);
    QVERIFY(!QFileInfo::exists(memory + u".lock"_s));
}

void TestCliMemoryFiles::saysThatAnotherRunWroteIt()
{
    const QString memory = m_home.path(u"whose.memory"_s), other = m_home.path(u"other"_s),
                  exported = m_home.path(u"exported"_s);
    const QString note = u"was written by the weights of run run at step 4, this model is of run other"_s;
    const EngineAnswer own = generate({u"--prompt"_s, u"the secret is 42"_s, u"--memory"_s, memory});
    QVERIFY2(own.exitCode == 0 && !own.err.contains(u"was written by"_s), qPrintable(own.all()));
    QCOMPARE(m_home.run({u"runs"_s, u"export"_s, m_run, exported}).exitCode, 0);
    const QStringList listed{u"--memory"_s, memory, u"--threads"_s, u"1"_s};
    const EngineAnswer same = m_home.run(QStringList{u"memory"_s, u"list"_s, exported} + listed);
    QVERIFY2(same.exitCode == 0 && !same.err.contains(u"was written by"_s), qPrintable(same.all()));
    train(other, s_memories);
    const EngineAnswer told = m_home.run(QStringList{u"memory"_s, u"list"_s, other} + listed);
    QVERIFY2(told.exitCode == 0 && told.err.contains(note), qPrintable(told.all()));
    const EngineAnswer answered = m_home.run(
        QStringList{u"generate"_s, other, u"--prompt"_s, u"x"_s, u"--max-tokens"_s, u"2"_s, u"--json"_s} +
        listed);
    QVERIFY2(answered.exitCode == 0 && answered.err.contains(note), qPrintable(answered.all()));
    QVERIFY(answered.lines().last()[u"note"_s].toString().contains(note));
}

void TestCliMemoryFiles::isSavedWithTheModel()
{
    const QString memory = m_home.path(u"fact.memory"_s), copy = m_home.path(u"copy.memory"_s);
    QCOMPARE(generate({u"--prompt"_s, u"zebras are striped, zebras"_s, u"--memory"_s, memory}).exitCode, 0);
    const QStringList ask{u"--prompt"_s, u"zebras"_s};
    // Numbers of the first token, as text after a few steps differs seldom.
    const auto first = [&](const QStringList &more) {
        const EngineAnswer answer = generate(more);
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        const QJsonObject token = QJsonDocument::fromJson(answer.out.section(u'\n', 0, 0).toUtf8()).object();
        if (!token.contains(u"entropy"_s)) qFatal("no entropy: %s", qPrintable(answer.out));
        return token[u"entropy"_s].toDouble();
    };
    const auto measured = [&] {
        const EngineAnswer answer = m_home.run({u"evaluate"_s, m_run, u"--data"_s, m_text, u"--json"_s});
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        const QJsonObject summary = answer.lines().last();
        if (!summary.contains(u"loss"_s)) qFatal("no loss: %s", qPrintable(answer.out));
        return summary[u"loss"_s].toDouble();
    };
    const double before = first(ask);
    const EngineAnswer none = m_home.run({u"memory"_s, u"export"_s, m_run, copy});
    QCOMPARE(none.exitCode, 3);
    QVERIFY2(none.err.contains(u"expected a saved memory"_s), qPrintable(none.all()));

    const EngineAnswer imported = m_home.run({u"memory"_s, u"import"_s, m_run, memory});
    QVERIFY2(imported.exitCode == 0, qPrintable(imported.all()));
    QVERIFY(textsOf(list({})).contains(u"prompt#text"_s));
    QVERIFY(first(ask) != before);
    QCOMPARE(first(ask + QStringList{u"--no-memory"_s}), before);
    // A measurement does not know it.
    const double evaluated = measured();
    QCOMPARE(m_home.run({u"memory"_s, u"export"_s, m_run, copy}).exitCode, 0);
    QVERIFY(textsOf(list({u"--memory"_s, copy})).contains(u"prompt#text"_s));
    // It goes with a copy of the run.
    QCOMPARE(m_home.run({u"runs"_s, u"copy"_s, m_run, m_home.path(u"second"_s)}).exitCode, 0);
    QVERIFY(QFile::exists(m_home.path(u"second/memory.safetensors"_s)));

    QCOMPARE(m_home.run({u"memory"_s, u"wipe"_s, m_run, u"--all"_s}).exitCode, 0);
    QCOMPARE(first(ask), before);
    QCOMPARE(measured(), evaluated);
}

/// Before the list, which looks the same after most edits; --json has the numbers of it.
void TestCliMemoryFiles::saysWhatItDid()
{
    const QString memory = m_home.path(u"did.memory"_s), own = m_run + u"/memory.safetensors"_s;
    const QStringList file{u"--memory"_s, memory};
    for (const QString &source : {u"talk"_s, u"note"_s}) {
        const EngineAnswer read =
            generate({u"--prompt"_s, u"the secret is 42, it is"_s, u"--source"_s, source, u"--memory"_s, memory});
        QVERIFY2(read.exitCode == 0, qPrintable(read.all()));
    }
    const auto did = [&](const QStringList &action, const QStringList &more) {
        const EngineAnswer answer = m_home.run(QStringList{u"memory"_s} + action + more);
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        return answer;
    };
    const auto firstLine = [&](const QStringList &action, const QStringList &more) {
        return did(action, more).out.section(u'\n', 0, 0);
    };
    QJsonArray talk;
    int numTalk = 0;
    for (const QJsonValue &event : list(file)[u"events"_s].toArray()) {
        if (!event[u"source"_s].toString().startsWith(u"talk#"_s)) continue;
        talk.append(event);
        numTalk += event[u"slots"_s].toInt();
    }
    const QString id = QString::number(talk[0][u"id"_s].toInt());
    const int numSlots = talk[0][u"slots"_s].toInt();
    const QString event = u"event %1, %2 slots"_s.arg(id).arg(numSlots);
    QCOMPARE(firstLine({u"pin"_s, m_run, u"--event"_s, id}, file), u"pinned "_s + event);
    const EngineAnswer muted = did({u"scale"_s, m_run, u"--event"_s, id, u"--factor"_s, u"0"_s}, file);
    QVERIFY2(muted.out.startsWith(u"scaled "_s + event + u", to strength 0\n"_s), qPrintable(muted.out));
    const QStringList shown = muted.out.split(u'\n');
    QVERIFY2(std::any_of(shown.begin(), shown.end(), [&](const QString &line) {
                 return line.startsWith(u"event %1 "_s.arg(id)) && line.contains(u"  strength 0  "_s);
             }), qPrintable(muted.out));
    QCOMPARE(muted.out.count(u"  strength "_s), 1);

    // What an import takes the place of.
    QFile::remove(own);
    QCOMPARE(firstLine({u"import"_s, m_run}, {memory}), u"imported %1 slots of \"%2\""_s.arg(list(file)[u"used"_s].toInt()).arg(memory));
    const int numUsed = list({})[u"used"_s].toInt();
    const QString over = firstLine({u"import"_s, m_run}, {memory});
    QVERIFY2(over.endsWith(u"; replaced %1 slots of \"talk\", \"note\", %2 of them pinned"_s.arg(numUsed).arg(numSlots)), qPrintable(over));
    const QJsonObject changed = did({u"import"_s, m_run, u"--json"_s}, {memory}).lines().last()[u"changed"_s].toObject();
    QCOMPARE(changed[u"replaced"_s].toInt(), numUsed);
    QCOMPARE(changed[u"replaced_pinned"_s].toInt(), numSlots);
    const QString copy = m_home.path(u"did.copy"_s);
    QCOMPARE(firstLine({u"export"_s, m_run}, {copy}), u"exported %1 slots to \"%2\""_s.arg(numUsed).arg(copy));
    QCOMPARE(firstLine({u"export"_s, m_run}, {copy}), u"exported %1 slots to \"%2\", over the memory file that was there"_s.arg(numUsed).arg(copy));
    QFile broken(own);
    QVERIFY(broken.open(QIODevice::WriteOnly | QIODevice::Truncate) && broken.write("no memory at all") > 0);
    broken.close();
    QVERIFY(firstLine({u"import"_s, m_run}, {memory}).endsWith(u"; replaced a file that could not be read"_s));
    QVERIFY(QFile::remove(own));

    const EngineAnswer wiped = did({u"wipe"_s, m_run, u"--source"_s, u"talk"_s, u"--json"_s}, {u"--memory"_s, copy});
    QCOMPARE(wiped.lines().last()[u"changed"_s].toObject(), (QJsonObject{{u"slots"_s, numTalk}, {u"pinned"_s, numSlots}}));
    QCOMPARE(firstLine({u"wipe"_s, m_run, u"--source"_s, u"talk"_s}, file),
             u"wiped %1 slots of source \"talk\", %2 of them pinned"_s.arg(numTalk).arg(numSlots));
    QVERIFY(!list(file).contains(u"changed"_s)); // looking does nothing
}

void TestCliMemoryFiles::touchesMemoryFilesOnly()
{
    const QString memory = m_home.path(u"only.memory"_s), own = m_run + u"/memory.safetensors"_s;
    QCOMPARE(generate({u"--prompt"_s, u"zebras"_s, u"--memory"_s, memory}).exitCode, 0);
    // A name without a folder is one in the folder of who asks, also before the file is there.
    const QString bare = u"tst_cli_memory_files.bare"_s;
    QFile::remove(bare);
    const EngineAnswer relative = generate({u"--prompt"_s, u"zebras"_s, u"--memory"_s, bare});
    QVERIFY2(relative.exitCode == 0, qPrintable(relative.all()));
    QVERIFY(QFile::remove(bare));
    const QString text = m_home.write(u"mine.json"_s, "[]"), folder = m_home.path(u"empty"_s);
    QVERIFY(QDir().mkpath(folder));
    const QString weights = m_run + u"/checkpoints/step-00000004/model.safetensors"_s;
    for (const QString &file : {text, folder, weights}) {
        const EngineAnswer wiped =
            m_home.run({u"memory"_s, u"wipe"_s, m_run, u"--memory"_s, file, u"--all"_s});
        QCOMPARE(wiped.exitCode, 3);
        QVERIFY2(wiped.err.contains(u"it is no memory file"_s), qPrintable(wiped.all()));
        QVERIFY(QFile::exists(file));
    }
    QCOMPARE(m_home.run({u"memory"_s, u"import"_s, m_run, memory}).exitCode, 0);
    for (const QString &file : {text, folder}) {
        const EngineAnswer exported = m_home.run({u"memory"_s, u"export"_s, m_run, file});
        QCOMPARE(exported.exitCode, 3);
        QVERIFY2(exported.err.contains(u"it is no memory file"_s), qPrintable(exported.all()));
    }
    QFile kept(text);
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll(), QByteArray("[]"));
    // One memory file over another is what export is for.
    QCOMPARE(m_home.run({u"memory"_s, u"export"_s, m_run, memory}).exitCode, 0);
    QCOMPARE(m_home.run({u"memory"_s, u"wipe"_s, m_run, u"--memory"_s, memory, u"--all"_s}).exitCode, 0);
    QVERIFY(!QFile::exists(memory));
    // What is saved with the model goes, whole or broken.
    QFile broken(own);
    QVERIFY(broken.open(QIODevice::WriteOnly | QIODevice::Truncate));
    broken.write("no memory at all");
    broken.close();
    QCOMPARE(generate({u"--prompt"_s, u"zebras"_s}).exitCode, 3);
    QCOMPARE(m_home.run({u"memory"_s, u"wipe"_s, m_run, u"--all"_s}).exitCode, 0);
    QVERIFY(!QFile::exists(own));
}

/// A model that uses its semantic memory, so trained for longer, learns with what the command has by itself.
void TestCliMemoryFiles::consolidates()
{
    const QString run = m_home.path(u"student"_s), prose = m_home.path(u"prose.txt"_s);
    QByteArray text;
    for (int i = 0; i < 3000; ++i)
        text += "line " + QByteArray::number(i * i % 97) + " of the quick brown fox that jumps over dog " +
                QByteArray::number(i % 13) + '\n';
    m_home.write(u"prose.txt"_s, text);
    QStringList arguments{u"train"_s, u"--data"_s, prose, u"--out"_s, run, u"--steps"_s, u"150"_s};
    for (const QString &setting :
         {u"model.layers=2"_s, u"model.width=32"_s, u"model.heads=2"_s, u"model.context=32"_s,
          u"model.window=8"_s, u"train.batch_size=8"_s, u"train.eval_every=150"_s, u"train.eval_tokens=64"_s,
          u"optimizer.lr=0.01"_s, u"probes.every=0"_s, u"threads=1"_s, u"plugins.use=[\"memory\"]"_s,
          u"plugins.memory.episodic_size=200"_s, u"plugins.memory.semantic_size=1024"_s,
          u"plugins.memory.semantic_top_k=4"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments, 120'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const QString memory = m_home.path(u"learn.memory"_s), learned = m_home.path(u"learned"_s);
    // More than two contexts.
    const QString fact = m_home.write(u"fact.txt"_s, "zq9 wv7 kx3 uy5 zq9 wv7 kx3 uy5 jp1 hb8 zq9 wv7 kx3 uy5 jp1 hb8 mc4");
    QCOMPARE(m_home.run({u"generate"_s, run, u"--prompt-file"_s, fact, u"--memory"_s, memory, u"--max-tokens"_s,
                         u"1"_s, u"--threads"_s, u"1"_s})
                 .exitCode,
             0);
    const EngineAnswer done =
        m_home.run({u"memory"_s, u"consolidate"_s, run, u"--memory"_s, memory, u"--out"_s, learned,
                    u"--json"_s}); // slots, passes and rate as they are
    QVERIFY2(done.exitCode == 0, qPrintable(done.all()));
    const QJsonObject summary = done.lines().last();
    QVERIFY(summary[u"slots_changed"_s].toInt() > 0);
    QVERIFY(summary[u"protected_texts"_s].toInt() > 0);
    QVERIFY(summary[u"protected_loss_before"_s].toDouble() > 0 && summary[u"protected_loss_after"_s].toDouble() > 0);
    QVERIFY2(summary[u"protected_from"_s].toArray().at(0).toString().endsWith(u".txt"_s), qPrintable(done.out));
    const auto lines = done.lines();
    QVERIFY(std::any_of(lines.begin(), lines.end(), [](const QJsonObject &line) {
        return line[u"event"_s] == u"progress"_s && line[u"phase"_s] == u"learning"_s && line[u"total"_s].toInt() == 40;
    }));
    QVERIFY2(summary[u"learned"_s].toArray().contains(fact + u"#text"_s), qPrintable(done.out));
    // What is wiped now is in the weights still, and the model says so.
    QCOMPARE(m_home.run({u"memory"_s, u"wipe"_s, run, u"--memory"_s, memory, u"--all"_s}).exitCode, 0);
    QFile config(learned + u"/config.json"_s);
    QVERIFY(config.open(QIODevice::ReadOnly));
    QVERIFY(config.readAll().contains("fact.txt#text"));
    QVERIFY2(summary[u"loss_after"_s].toDouble() < 0.9 * summary[u"loss_before"_s].toDouble(),
             qPrintable(done.out));
    // The new model knows it without the memory; the run is as before.
    const auto lossOf = [&](const QString &model) {
        return m_home.run({u"evaluate"_s, model, u"--data"_s, fact, u"--json"_s})
            .lines()
            .last()[u"loss"_s]
            .toDouble();
    };
    QVERIFY2(lossOf(learned) < 0.95 * lossOf(run),
             qPrintable(QString::number(lossOf(learned)) + u' ' + QString::number(lossOf(run))));
    QCOMPARE(m_home.run({u"generate"_s, run, u"--prompt-file"_s, fact, u"--memory"_s, memory, u"--max-tokens"_s,
                         u"1"_s, u"--threads"_s, u"1"_s})
                 .exitCode,
             0);
    const EngineAnswer twice = m_home.run({u"memory"_s, u"consolidate"_s, run, u"--memory"_s, memory,
                                           u"--out"_s, learned, u"--passes"_s, u"1"_s});
    QCOMPARE(twice.exitCode, 3);
    QVERIFY2(twice.err.contains(u"something is there, expected a free name"_s), qPrintable(twice.all()));
}

void TestCliMemoryFiles::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("part");
    const QString none = m_home.path(u"none"_s);
    const QString text = m_home.write(u"no.memory"_s, "this is no memory, but a text of some length");
    QTest::newRow("no file") << QStringList{u"list"_s, m_run, u"--memory"_s, none} << 3
                             << u"expected a saved memory"_s;
    QTest::newRow("nothing to import") << QStringList{u"import"_s, m_run, none} << 3
                                       << u"Check the path of what is to be imported"_s;
    QTest::newRow("nothing saved") << QStringList{u"list"_s, m_run} << 3 << u"Bring one with memory import"_s;
    QTest::newRow("nothing to export") << QStringList{u"export"_s, m_run, none} << 3
                                       << u"Bring one with memory import first; a memory file that is not saved with the model is copied as it is"_s;
    for (const QStringList &arguments : {QStringList{u"list"_s, m_plain}, {u"list"_s, m_plain, u"--memory"_s, none}, {u"import"_s, m_plain, none},
                                         {u"export"_s, m_plain, none}, {u"consolidate"_s, m_plain, u"--out"_s, none}})
        QTest::newRow(qPrintable(u"a model without one: %1, %2 words"_s.arg(arguments[0]).arg(arguments.size())))
            << arguments << 3
            << u"Cannot %1 the memory of \"%2\": the model has no episodic memory, expected a model with one."_s.arg(arguments[0], m_plain);
    QTest::newRow("no memory") << QStringList{u"list"_s, m_run, u"--memory"_s, text} << 3 << u"no.memory"_s;
    QTest::newRow("weights are none")
        << QStringList{u"import"_s, m_run, m_run + u"/checkpoints/step-00000004/model.safetensors"_s} << 3
        << u"it is not marked as one, expected format \"orrery.episodic_memory\""_s;
    QTest::newRow("wipe what") << QStringList{u"wipe"_s, m_run, u"--memory"_s, text} << 3 << u"no.memory"_s;
    QTest::newRow("pin what") << QStringList{u"pin"_s, m_run} << 2 << u"--event"_s;
    QTest::newRow("unpin what") << QStringList{u"unpin"_s, m_run} << 2 << u"--event"_s;
    QTest::newRow("no action") << QStringList{u"burn"_s, m_run} << 2 << u"subcommand is required"_s;
    QTest::newRow("no directory") << QStringList{u"consolidate"_s, m_run} << 2 << u"--out"_s;
    QTest::newRow("rate") << QStringList{u"consolidate"_s, m_run, u"--out"_s, none, u"--rate"_s, u"-1"_s} << 3
                          << u"rate is -1.000, expected 1e-09 … 1e+09"_s;
    QTest::newRow("no rate") << QStringList{u"consolidate"_s, m_run, u"--out"_s, none, u"--rate"_s, u"0"_s}
                             << 3 << u"rate is 0, expected 1e-09 … 1e+09"_s;
    QTest::newRow("rate that is no number")
        << QStringList{u"consolidate"_s, m_run, u"--out"_s, none, u"--rate"_s, u"nan"_s} << 3
        << u"rate is NaN, expected 1e-09 … 1e+09"_s;
    QTest::newRow("slots") << QStringList{u"consolidate"_s, m_run, u"--out"_s, none, u"--slots"_s, u"0"_s}
                           << 3 << u"slots is 0, expected 1 … 1000000"_s;
    QTest::newRow("passes") << QStringList{u"consolidate"_s, m_run,      u"--out"_s, none,
                                           u"--passes"_s,    u"100001"_s}
                            << 3 << u"passes is 100001, expected 1 … 100000"_s;
    for (const QString &option : {u"--event"_s, u"--slot"_s})
        QTest::newRow(qPrintable(u"too large for "_s + option))
            << QStringList{u"forget"_s, m_run, option, u"99999999999999999999"_s} << 2
            << option + u": 99999999999999999999 does not fit, expected a whole number"_s;
    for (const QString &action : {u"list"_s, u"consolidate"_s})
        QTest::newRow(qPrintable(u"no name, "_s + action))
            << QStringList{action, m_run, u"--memory"_s, u""_s} +
                   (action == u"list"_s ? QStringList() : QStringList{u"--out"_s, none})
            << 2 << u"--memory: \"\" is no file, expected its path; leave --memory out"_s;
}

void TestCliMemoryFiles::namesWhatIsWrong()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QString, part);
    const EngineAnswer answer = m_home.run(QStringList{u"memory"_s} + arguments);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(answer.all()));
    QVERIFY2(answer.all().contains(part), qPrintable(answer.all()));
}

void TestCliMemoryFiles::anEmptyNameIsNoFileToKeepItIn()
{
    const EngineAnswer answer = generate({u"--prompt"_s, u"a"_s, u"--memory"_s, u""_s});
    QVERIFY2(answer.exitCode == 2, qPrintable(answer.all()));
    QVERIFY2(answer.err.contains(
                 u"--memory: \"\" is no file, expected its path; leave --memory out to keep nothing"_s),
             qPrintable(answer.all()));
}

QTEST_GUILESS_MAIN(TestCliMemoryFiles)
#include "tst_cli_memory_files.moc"
