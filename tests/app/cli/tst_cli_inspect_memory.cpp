// SPDX-License-Identifier: Apache-2.0
// inspect memory on the command line: what is remembered, what is read of it, what if it were another; and
// the edits of the command memory.
#include "engine_process.h"

#include <cmath>
#include <map>

using namespace Qt::StringLiterals;

class TestCliInspectMemory : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void readsBehindAFile();
    void saysWhatWouldChange();
    void listsWhatIsReadMost();
    void showsATable();
    void writesFiles();
    void editsAFile();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();

private:
    [[nodiscard]] EngineAnswer inspect(const QStringList &more) const
    {
        return m_home.run(QStringList{u"inspect"_s, u"memory"_s, m_run, u"--threads"_s, u"1"_s} + more);
    }
    [[nodiscard]] QJsonObject json(const QStringList &more) const
    {
        const EngineAnswer answer = inspect(
            QStringList{u"--prompt"_s, u"the quick brown"_s, u"--memory"_s, m_memory, u"--json"_s} + more);
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        return answer.lines().last();
    }
    [[nodiscard]] EngineAnswer memory(const QString &action, const QStringList &more) const
    {
        return m_home.run(QStringList{u"memory"_s, action, m_run, u"--memory"_s, m_memory} + more);
    }

    EngineHome m_home;
    QString m_run, m_memory, m_plain;
};

void TestCliInspectMemory::initTestCase()
{
    const QString text =
        m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(200));
    m_run = m_home.path(u"run"_s);
    m_plain = m_home.path(u"plain"_s);
    m_memory = m_home.path(u"talk.memory"_s);
    const QStringList usual{u"model.layers=2"_s,       u"model.width=32"_s, u"model.heads=2"_s,
                            u"model.context=64"_s,     u"model.window=8"_s, u"train.batch_size=4"_s,
                            u"train.eval_tokens=64"_s, u"probes.every=0"_s, u"threads=1"_s};
    for (const QString &run : {m_run, m_plain}) {
        QStringList arguments{u"train"_s, u"--data"_s, text, u"--out"_s, run, u"--steps"_s, u"4"_s};
        QStringList settings = usual;
        if (run == m_run)
            settings << u"plugins.use=[\"memory\"]"_s << u"plugins.memory.episodic_size=200"_s
                     << u"plugins.memory.semantic_size=64"_s << u"plugins.memory.semantic_top_k=4"_s;
        for (const QString &setting : std::as_const(settings)) arguments << u"--set"_s << setting;
        const EngineAnswer trained = m_home.run(arguments);
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    }
    const EngineAnswer told =
        m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the quick brown fox was seen by the lazy dog"_s,
                    u"--max-tokens"_s, u"4"_s, u"--source"_s, u"a tale"_s, u"--memory"_s, m_memory});
    QVERIFY2(told.exitCode == 0, qPrintable(told.all()));
}

void TestCliInspectMemory::readsBehindAFile()
{
    const QJsonObject look = json({});
    const QJsonObject memory = look[u"memory"_s].toObject();
    QCOMPARE(look[u"memory_file"_s].toString(), m_memory);
    QCOMPARE(memory[u"capacity"_s].toInt(), 200);
    QVERIFY(memory[u"used"_s].toInt() > 20);
    const QJsonObject event = memory[u"events"_s].toArray().first().toObject();
    QCOMPARE(event[u"stored"_s].toArray().size(), event[u"slots"_s].toInt());
    for (const char *key : {"slot", "token_id", "usage", "surprise", "strength"})
        QVERIFY2(event[u"stored"_s].toArray()[0].toObject().contains(QLatin1String(key)), key);
    // Of each token who read it last while the tale was told; null where nobody did.
    int numRead = 0;
    for (const QJsonValue &value : event[u"stored"_s].toArray()) {
        QVERIFY(value.toObject().contains(u"last_read"_s));
        QCOMPARE(value.toObject()[u"modality"_s].toString(), u"text"_s);
        const QJsonObject last = value.toObject()[u"last_read"_s].toObject();
        if (last.isEmpty()) continue;
        ++numRead;
        QVERIFY(last[u"source"_s].toString().startsWith(u"a tale#"_s));
        QVERIFY(last[u"token"_s].toInt() >= 8 && last[u"age"_s].toInt() >= 0);
        QVERIFY(last[u"weight"_s].toDouble() > 0 && last[u"layer"_s].toInt() == 1);
        QVERIFY(!last[u"text"_s].toString().isEmpty());
    }
    QVERIFY(numRead > 0);
    QVERIFY(event[u"last_read"_s].toObject().contains(u"age"_s));
    // Read at the last token: of the episodic memory with its events.
    int numEpisodic = 0;
    for (const QJsonValue &value : look[u"reads"_s].toArray()) {
        const QJsonObject read = value.toObject();
        if (read[u"memory"_s].toString() != u"episodic"_s) continue;
        ++numEpisodic;
        double sum = 0;
        for (const QJsonValue &slot : read[u"slots"_s].toArray())
            sum += slot.toObject()[u"weight"_s].toDouble();
        QVERIFY(std::abs(sum - 1) < 1e-4);
        QVERIFY(read[u"slots"_s].toArray()[0].toObject()[u"event"_s].toInt() > 0 ||
                read[u"slots"_s].toArray().size() > 1);
    }
    QCOMPARE(numEpisodic, 2);
    // What is likely next is what generate says behind the same memory.
    QFile::remove(m_home.path(u"copy.memory"_s));
    QVERIFY(QFile::copy(m_memory, m_home.path(u"copy.memory"_s)));
    const EngineAnswer said = m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the quick brown"_s,
                                          u"--memory"_s, m_home.path(u"copy.memory"_s), u"--max-tokens"_s,
                                          u"1"_s, u"--threads"_s, u"1"_s, u"--json"_s});
    QVERIFY2(said.exitCode == 0, qPrintable(said.all()));
    const QJsonArray expected = said.lines().first()[u"alternatives"_s].toArray();
    const QJsonArray found = look[u"candidates"_s].toArray();
    QCOMPARE(found.size(), expected.size());
    for (qsizetype i = 0; i < found.size(); ++i)
        QVERIFY(std::abs(found[i].toObject()[u"p"_s].toDouble() - expected[i].toObject()[u"p"_s].toDouble()) <
                1e-5);
    // Only one head's.
    for (const QJsonValue &value : json({u"--head"_s, u"1"_s, u"--token"_s, u"9"_s})[u"reads"_s].toArray())
        QCOMPARE(value.toObject()[u"head"_s].toInt(), 1);
}

void TestCliInspectMemory::saysWhatWouldChange()
{
    QVERIFY(!json({}).contains(u"changed"_s));
    const QJsonObject wiped = json({u"--edit"_s, u"wipe a tale"_s});
    QVERIFY(wiped[u"changed_divergence"_s].toDouble() > 0);
    QCOMPARE(wiped[u"edits"_s].toArray(), QJsonArray{u"wipe a tale"_s});
    // Each event by itself, together the same.
    QStringList each;
    for (const QJsonValue &event : wiped[u"memory"_s].toObject()[u"events"_s].toArray())
        each << u"--edit"_s << u"forget %1"_s.arg(event.toObject()[u"id"_s].toInt());
    QVERIFY(std::abs(json(each)[u"changed_divergence"_s].toDouble() -
                     wiped[u"changed_divergence"_s].toDouble()) < 1e-6);
    const QJsonObject slot = wiped[u"memory"_s]
                                 .toObject()[u"events"_s]
                                 .toArray()[0]
                                 .toObject()[u"stored"_s]
                                 .toArray()[0]
                                 .toObject();
    const QString number = QString::number(slot[u"slot"_s].toInt());
    QVERIFY(json({u"--edit"_s, u"forget_slot "_s + number}).contains(u"changed"_s));
    QVERIFY(json({u"--edit"_s, u"scale_slot %1 0.5"_s.arg(number), u"--ablate"_s, u"1.0"_s})
                .contains(u"changed"_s));
}

/// Of the whole text what is read at each of its tokens, added up by hand.
void TestCliInspectMemory::listsWhatIsReadMost()
{
    const QStringList text{u"--prompt"_s, u"the"_s, u"--json"_s};
    const auto look = [&](const QStringList &more) {
        const EngineAnswer answer = inspect(text + more);
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        return answer.lines().last();
    };
    std::map<int, double> weights;
    std::map<int, int> counts;
    int layer = -1;
    for (const int token : {0, 1, 2}) {
        const QJsonArray reads = look({u"--token"_s, QString::number(token)})[u"reads"_s].toArray();
        for (const auto &one : reads) {
            const QJsonObject read = one.toObject();
            if (read[u"memory"_s].toString() != u"semantic") continue;
            layer = read[u"layer"_s].toInt();
            for (const auto &slot : read[u"slots"_s].toArray()) {
                weights[slot[u"slot"_s].toInt()] += slot[u"weight"_s].toDouble() / (3 * 2); // tokens, reading heads
                ++counts[slot[u"slot"_s].toInt()];
            }
        }
    }
    const QJsonArray uses = look({})[u"most_read"_s].toArray();
    QCOMPARE(uses.size(), 1);
    const QJsonObject use = uses[0].toObject();
    QCOMPARE(use[u"memory"_s].toString(), u"semantic"_s);
    QCOMPARE(use[u"layer"_s].toInt(), layer);
    QCOMPARE(use[u"tokens"_s].toInt(), 3);
    QCOMPARE(use[u"heads"_s].toInt(), 2);
    QCOMPARE(use[u"values_read"_s].toInt(), int(weights.size()));
    QCOMPARE(use[u"values"_s].toArray().size(), qsizetype(weights.size()));
    double before = 1;
    for (const auto &one : use[u"values"_s].toArray()) {
        const QJsonObject value = one.toObject();
        const int slot = value[u"slot"_s].toInt();
        QVERIFY(std::abs(value[u"share"_s].toDouble() - weights[slot]) < 1e-5);
        QCOMPARE(value[u"reads"_s].toInt(), counts[slot]);
        QVERIFY(value[u"share"_s].toDouble() <= before);
        before = value[u"share"_s].toDouble();
        QCOMPARE(value[u"readers"_s].toArray().size(), std::min<qsizetype>(4, counts[slot]));
    }
    // Of another layer there is none.
    QVERIFY(!look({u"--layer"_s, QString::number(layer == 0 ? 1 : 0)}).contains(u"most_read"_s));
    const EngineAnswer table = inspect({u"--prompt"_s, u"the"_s});
    QVERIFY2(table.out.contains(u"3 tokens read "_s), qPrintable(table.all()));
    QVERIFY2(table.out.contains(u" of the semantic memory behind layer "_s), qPrintable(table.all()));
    const int first = use[u"values"_s].toArray()[0].toObject()[u"slot"_s].toInt();
    QVERIFY2(table.out.contains(u"\nvalue %1  "_s.arg(first)), qPrintable(table.all()));
}

void TestCliInspectMemory::showsATable()
{
    const EngineAnswer answer = inspect(
        {u"--prompt"_s, u"the quick brown"_s, u"--memory"_s, m_memory, u"--edit"_s, u"wipe a tale"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    for (const QString &words : {u"slots used"_s, u"a tale#text"_s, u"  last read "_s, u"episodic  gate"_s,
                                 u"Behind token 14, \"n\""_s, u"with the memory edited; divergence"_s})
        QVERIFY2(answer.out.contains(words), qPrintable(words + u'\n' + answer.out));
    const auto look = [&](const QStringList &more) {
        return inspect(QStringList{u"--prompt"_s, u"the quick brown"_s, u"--memory"_s, m_memory} + more).out;
    };
    const QString heads = look({u"--ablate"_s, u"1.0"_s});
    QVERIFY2(heads.contains(u"second column is without the heads left out; divergence"_s), qPrintable(heads));
    const QString both = look({u"--ablate"_s, u"1.0"_s, u"--edit"_s, u"wipe a tale"_s});
    QVERIFY2(both.contains(u"is with the memory edited and without the heads left out; div"_s),
             qPrintable(both));
    QVERIFY(!look({}).contains(u"second column"_s));
}

void TestCliInspectMemory::writesFiles()
{
    for (const char *name : {"look.json", "look.npz"}) {
        const QString path = m_home.path(QLatin1String(name));
        const EngineAnswer answer =
            inspect({u"--prompt"_s, u"the quick brown"_s, u"--memory"_s, m_memory, u"--out"_s, path});
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray content = file.readAll();
        if (path.endsWith(u"json"_s))
            QVERIFY(QJsonDocument::fromJson(content).object().contains(u"memory"_s));
        else
            for (const char *array : {"tokens.npy", "event_id.npy", "event_read_age.npy", "slot_strength.npy",
                                      "slot_modality.npy", "slot_read_age.npy", "slot_read_source.npy",
                                      "read_weight.npy", "use_share.npy", "reader_token.npy", "candidate_p.npy", "changed_ids.npy"})
                QVERIFY2(content.contains(array), array);
    }
}

void TestCliInspectMemory::editsAFile()
{
    const auto listed = [&] {
        return memory(u"list"_s, {u"--json"_s}).lines().last()[u"events"_s].toArray();
    };
    const QJsonArray before = listed();
    QVERIFY(before.size() > 1);
    const QString first = QString::number(before[0].toObject()[u"id"_s].toInt());
    const EngineAnswer scaled =
        memory(u"scale"_s, {u"--event"_s, first, u"--factor"_s, u"0.5"_s, u"--json"_s});
    QVERIFY2(scaled.exitCode == 0, qPrintable(scaled.all()));
    QCOMPARE(listed()[0].toObject()[u"stored"_s].toArray()[0].toObject()[u"strength"_s].toDouble(), 0.5);
    const EngineAnswer alike = memory(u"similarity"_s, {u"--json"_s});
    QVERIFY2(alike.exitCode == 0, qPrintable(alike.all()));
    const QJsonArray rows = alike.lines().last()[u"similarity"_s].toArray();
    QCOMPARE(rows.size(), before.size());
    QVERIFY(std::abs(rows[0].toArray()[0].toDouble() - 1) < 1e-4);
    const QString slot =
        QString::number(before[1].toObject()[u"stored"_s].toArray()[0].toObject()[u"slot"_s].toInt());
    QVERIFY2(memory(u"forget"_s, {u"--slot"_s, slot}).exitCode == 0, "a slot");
    QVERIFY2(memory(u"forget"_s, {u"--event"_s, first}).exitCode == 0, "an event");
    for (const QJsonValue &event : listed()) QVERIFY(event.toObject()[u"id"_s].toInt() != first.toInt());
}

void TestCliInspectMemory::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("command");
    QTest::addColumn<QString>("words");
    const QStringList look{u"inspect"_s, u"memory"_s, u"RUN"_s, u"--prompt"_s, u"abc"_s};
    const auto row = [&](const char *name, const QStringList &more, const QString &words) {
        QTest::newRow(name) << look + more << words;
    };
    row("a word", {u"--edit"_s, u"erase 1"_s},
        u"by \"erase 1\": \"erase\" is no edit, expected \"forget EVENT\""_s);
    row("no number", {u"--edit"_s, u"forget one"_s}, u"by \"forget one\": \"one\" is no number, expected"_s);
    row("one number", {u"--edit"_s, u"scale 1"_s}, u"by \"scale 1\": 1 word stands behind \"scale\", exp"_s);
    row("no factor", {u"--edit"_s, u"scale 1 half"_s}, u"by \"scale 1 half\": \"half\" is no number, e"_s);
    row("no words", {u"--edit"_s, u" "_s}, u"by \" \": nothing is said, expected"_s);
    row("no source", {u"--edit"_s, u"wipe"_s}, u"by \"wipe\": 0 words stand behind \"wipe\", expected"_s);
    row("an event", {u"--edit"_s, u"forget 99"_s}, u"99"_s);
    row("a source", {u"--edit"_s, u"wipe nobody"_s},
        u"the source \"nobody\": the memory has nothing of it"_s);
    row("a layer", {u"--layer"_s, u"2"_s}, u"layer 2 does not exist, expected 0 to 1"_s);
    row("a head", {u"--head"_s, u"7"_s}, u"head 7 does not exist, expected 0 to 1"_s);
    row("a token", {u"--token"_s, u"3"_s}, u"token 3 is asked for"_s);
    row("no file", {u"--memory"_s, u"/nowhere/at.all"_s}, u"/nowhere/at.all"_s);
    row("no name", {u"--memory"_s, u""_s}, u"--memory: \"\" is no file, expected its path; leave --memory out"_s);
    row("an ending", {u"--out"_s, u"look.txt"_s}, u"Cannot write memory to \"look.txt\""_s);
    row("ids", {u"--answer-ids"_s, u"1,x"_s},
        u"Cannot read --answer-ids \"1,x\": what begins at character 2"_s);
    QTest::newRow("no memory") << QStringList{u"inspect"_s, u"memory"_s, u"PLAIN"_s, u"--prompt"_s, u"abc"_s}
                               << u"the model has none"_s;
    QTest::newRow("forget what") << QStringList{u"memory"_s, u"forget"_s, u"RUN"_s, u"--memory"_s,
                                                u"MEMORY"_s}
                                 << u"\": neither --event NUMBER nor --slot NUMBER is given, expected one"_s;
    QTest::newRow("wipe what") << QStringList{u"memory"_s, u"wipe"_s, u"RUN"_s, u"--memory"_s, u"MEMORY"_s}
                               << u"Cannot wipe anything in the memory of \""_s;
    QTest::newRow("wipe both") << QStringList{u"memory"_s, u"wipe"_s,  u"RUN"_s,      u"--memory"_s,
                                              u"MEMORY"_s, u"--all"_s, u"--source"_s, u"a tale"_s}
                               << u"\": both --source NAME and --all are given, expected one of them"_s;
    QTest::newRow("factor") << QStringList{u"memory"_s,   u"scale"_s,    u"RUN"_s,
                                           u"--memory"_s, u"MEMORY"_s,   u"--event"_s,
                                           u"2"_s,        u"--factor"_s, u"5"_s}
                            << u"5"_s;
}
void TestCliInspectMemory::namesWhatIsWrong()
{
    QFETCH(QStringList, command);
    QFETCH(QString, words);
    command.replaceInStrings(u"RUN"_s, m_run)
        .replaceInStrings(u"PLAIN"_s, m_plain)
        .replaceInStrings(u"MEMORY"_s, m_memory);
    const EngineAnswer answer = m_home.run(command);
    QVERIFY(answer.exitCode != 0);
    QVERIFY2(answer.err.contains(words), qPrintable(answer.all()));
}

QTEST_GUILESS_MAIN(TestCliInspectMemory)
#include "tst_cli_inspect_memory.moc"
