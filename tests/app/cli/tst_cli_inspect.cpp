// SPDX-License-Identifier: Apache-2.0
// inspect attention on the command line: the table, JSON, files for numpy, and what is refused.
#include "engine_process.h"
#include "npz_file.h"

#include <cmath>

using namespace Qt::StringLiterals;

class TestCliInspect : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void tableShowsHeadsAndCandidates();
    void jsonHasAllOfIt();
    void exactTokensAreTheSameText();
    void mapsOfChosenHeads_data();
    void mapsOfChosenHeads();
    void numpyFilesHoldEachWeight();
    void numpyFilesOfSomeRows();
    void numpyFilesOfLongTextsAreWhole();
    void longTextsAreLookedAtByTheirWindow();
    void numpyFilesAreLimited();
    void readsConversationsAndFiles();
    void keptFramesAreArrays();
    void framesThatAreNotThereAreNamed();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();

private:
    [[nodiscard]] EngineAnswer inspect(const QStringList &more) const
    {
        return m_home.run(QStringList{u"inspect"_s, u"attention"_s, m_run, u"--threads"_s, u"1"_s} + more);
    }
    [[nodiscard]] QJsonObject json(const QStringList &more) const
    {
        const EngineAnswer answer = inspect(more + QStringList{u"--json"_s});
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        return answer.lines().last();
    }

    EngineHome m_home;
    QString m_run;
};

void TestCliInspect::initTestCase()
{
    QByteArray text;
    for (int i = 0; i < 3000; ++i) text += "line " + QByteArray::number(i % 97) + ": the quick brown fox\n";
    m_run = m_home.path(u"run"_s);
    QStringList arguments{u"train"_s,   u"--data"_s, m_home.write(u"fox.txt"_s, text), u"--out"_s, m_run,
                          u"--steps"_s, u"5"_s};
    for (const QString &setting :
         {u"model.layers=2"_s, u"model.width=32"_s, u"model.heads=4"_s, u"model.context=64"_s,
          u"train.eval_tokens=1024"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
}

void TestCliInspect::tableShowsHeadsAndCandidates()
{
    const EngineAnswer answer =
        inspect({u"--prompt"_s, u"the\tfox"_s, u"--lens"_s, u"--attribution"_s, u"--ablate"_s, u"1.2"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    for (const QString &words :
         {u"7 tokens, 2 layers of 4 heads"_s, u"entropy"_s, u"1.3"_s, u"Behind token 6, \"x\""_s,
          u"layer 2"_s, u"surprise"_s, u"share"_s, u"\"\\t\""_s, u"divergence"_s})
        QVERIFY2(answer.out.contains(words), qPrintable(words + u'\n' + answer.out));
}

void TestCliInspect::jsonHasAllOfIt()
{
    const QJsonObject report =
        json({u"--prompt"_s, u"the fox"_s, u"--lens"_s, u"--attribution"_s, u"--ablate"_s, u"1.2"_s,
              u"--ablate"_s, u"0.0"_s, u"--alternatives"_s, u"3"_s, u"--token"_s, u"4"_s});
    QVERIFY(report[u"model"_s].toString().contains(u"run"_s));
    QCOMPARE(report[u"step"_s].toInt(), 5);
    QCOMPARE(report[u"layers"_s].toInt(), 2);
    QCOMPARE(report[u"heads"_s].toInt(), 4);
    QCOMPARE(report[u"token"_s].toInt(), 4);
    const QJsonArray tokens = report[u"tokens"_s].toArray();
    QCOMPARE(tokens.size(), 7);
    QVERIFY(tokens[0].toObject()[u"surprise"_s].isNull());
    QVERIFY(tokens[1].toObject()[u"surprise"_s].toDouble() > 0);
    QCOMPARE(tokens[6].toObject()[u"text"_s].toString(), u"x"_s);
    QCOMPARE(report[u"summaries"_s].toArray().size(), 8);
    const QJsonObject summary = report[u"summaries"_s].toArray()[5].toObject();
    QCOMPARE(summary[u"layer"_s].toInt(), 1);
    QCOMPARE(summary[u"head"_s].toInt(), 1);
    QVERIFY(summary[u"entropy"_s].toDouble() > 0 && summary[u"first_mass"_s].toDouble() > 1.0 / 7);
    QCOMPARE(report[u"candidates"_s].toArray().size(), 3);
    QVERIFY(report[u"changed"_s].toArray().size() >= 3);
    QVERIFY(report[u"changed_divergence"_s].toDouble() > 0);
    QCOMPARE(report[u"lens"_s].toArray().size(), 3);
    QCOMPARE(report[u"attribution"_s].toArray().size(), 7);
    QCOMPARE(report[u"attribution"_s].toArray()[6].toDouble(), 0.0); // behind token 4
    QVERIFY(!report.contains(u"maps"_s) && !report.contains(u"flows"_s));
    QVERIFY(report[u"seconds"_s].toDouble() > 0);
}

void TestCliInspect::exactTokensAreTheSameText()
{
    const QJsonObject plain = json({u"--prompt"_s, u"the fox"_s});
    const QJsonObject exact = json({u"--prompt-ids"_s, u"116,104,101,32"_s, u"--answer-ids"_s, u"102,111,120"_s});
    QCOMPARE(exact[u"tokens"_s], plain[u"tokens"_s]);
    QCOMPARE(exact[u"candidates"_s], plain[u"candidates"_s]);
}

void TestCliInspect::mapsOfChosenHeads_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QStringList>("heads");
    QTest::newRow("a head") << QStringList{u"--layer"_s, u"1"_s, u"--head"_s, u"2"_s}
                            << QStringList{u"1.2"_s};
    QTest::newRow("a layer") << QStringList{u"--layer"_s, u"0"_s}
                             << QStringList{u"0.0"_s, u"0.1"_s, u"0.2"_s, u"0.3"_s};
    QTest::newRow("one of each layer") << QStringList{u"--head"_s, u"3"_s} << QStringList{u"0.3"_s, u"1.3"_s};
    QTest::newRow("two by two") << QStringList{u"--layer"_s, u"1"_s, u"--layer"_s, u"0"_s,
                                               u"--head"_s,  u"3"_s, u"--head"_s,  u"0"_s}
                                << QStringList{u"1.3"_s, u"1.0"_s, u"0.3"_s, u"0.0"_s};
}

void TestCliInspect::mapsOfChosenHeads()
{
    QFETCH(QStringList, options);
    QFETCH(QStringList, heads);
    const QJsonArray maps =
        json(options + QStringList{u"--prompt"_s, u"the quick fox"_s, u"--rows"_s, u"4:10"_s})[u"maps"_s]
            .toArray();
    QCOMPARE(maps.size(), heads.size());
    for (qsizetype i = 0; i < heads.size(); ++i) {
        const QJsonObject map = maps[i].toObject();
        QCOMPARE(QString::number(map[u"layer"_s].toInt()) + u'.' + QString::number(map[u"head"_s].toInt()),
                 heads[i]);
        QCOMPARE(map[u"first_row"_s].toInt(), 4);
        QCOMPARE(map[u"rows"_s].toInt(), 6);
        QCOMPARE(map[u"columns"_s].toInt(), 13);
        QCOMPARE(map[u"mean"_s].toArray().size(), 6);
        for (const QJsonValue &row : map[u"mean"_s].toArray()) {
            double sum = 0;
            for (const QJsonValue &weight : row.toArray()) sum += weight.toDouble();
            QVERIFY(std::abs(sum - 1) < 1e-5);
        }
        QVERIFY(!map.contains(u"maximum"_s));
    }
    const QJsonObject small =
        json(options + QStringList{u"--prompt"_s, u"the quick fox"_s, u"--max-edge"_s, u"5"_s})[u"maps"_s]
            .toArray()[0]
            .toObject();
    QCOMPARE(small[u"rows_per_cell"_s].toInt(), 3);
    QCOMPARE(small[u"maximum"_s].toArray().size(), 5);
}

void TestCliInspect::numpyFilesHoldEachWeight()
{
    const QString out = m_home.path(u"a.npz"_s);
    const EngineAnswer answer = inspect({u"--prompt"_s, u"the fox"_s, u"--out"_s, out, u"--attribution"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QVERIFY2(answer.out.isEmpty(), qPrintable(answer.out));
    const auto arrays = arraysOf(out);
    QVERIFY(arrays[u"attention"_s].header.startsWith(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,4,7,7,), }"));
    QVERIFY(
        arrays[u"tokens"_s].header.startsWith("{'descr': '<U1', 'fortran_order': False, 'shape': (7,), }"));
    QVERIFY(arrays[u"step"_s].header.startsWith("{'descr': '<i8', 'fortran_order': False, 'shape': (), }"));
    QCOMPARE(arrays[u"step"_s].wholeAt(0), 5);
    for (int i = 0; i < 7; ++i) {
        QCOMPARE(numberAt<quint32>(arrays[u"tokens"_s].data, 4 * i), quint32("the fox"[i]));
        QCOMPARE(arrays[u"token_ids"_s].wholeAt(i), qint64("the fox"[i]));
        QCOMPARE(arrays[u"rows"_s].wholeAt(i), i);
    }
    QCOMPARE(arrays[u"layers"_s].wholeAt(1), 1);
    QCOMPARE(arrays[u"heads"_s].wholeAt(3), 3);
    QVERIFY(std::isnan(arrays[u"surprise"_s].floatAt(0)));
    QCOMPARE(arrays[u"attribution"_s].data.size(), 7 * 4);
    // As in JSON, head by head.
    const QJsonArray maps =
        json({u"--prompt"_s, u"the fox"_s, u"--layer"_s, u"0"_s, u"--layer"_s, u"1"_s})[u"maps"_s].toArray();
    QCOMPARE(maps.size(), 8);
    for (int h = 0; h < 8; ++h)
        for (int t = 0; t < 7; ++t)
            for (int s = 0; s < 7; ++s) {
                const double expected = maps[h].toObject()[u"mean"_s].toArray()[t].toArray()[s].toDouble();
                QVERIFY(std::abs(double(arrays[u"attention"_s].floatAt((h * 7 + t) * 7 + s)) - expected) <
                        1e-6);
            }
    const QJsonObject summary = json({u"--prompt"_s, u"the fox"_s})[u"summaries"_s].toArray()[6].toObject();
    for (const auto &[name, key] : {std::pair{u"entropy"_s, u"entropy"_s},
                                    {u"distance"_s, u"distance"_s},
                                    {u"first_mass"_s, u"first_mass"_s},
                                    {u"self_mass"_s, u"self_mass"_s}})
        QVERIFY(std::abs(double(arrays[name].floatAt(6)) - summary[key].toDouble()) < 1e-5);
}

void TestCliInspect::numpyFilesOfSomeRows()
{
    const QString all = m_home.path(u"all.npz"_s), some = m_home.path(u"some.npz"_s);
    QCOMPARE(inspect({u"--prompt"_s, u"the quick fox"_s, u"--out"_s, all}).exitCode, 0);
    QCOMPARE(inspect({u"--prompt"_s, u"the quick fox"_s, u"--out"_s, some, u"--layer"_s, u"1"_s, u"--head"_s,
                      u"2"_s, u"--head"_s, u"0"_s, u"--rows"_s, u"5:9"_s})
                 .exitCode,
             0);
    const auto whole = arraysOf(all), part = arraysOf(some);
    QVERIFY(part[u"attention"_s].header.contains("(1,2,4,13,)"));
    QCOMPARE(part[u"layers"_s].wholeAt(0), 1);
    QCOMPARE(part[u"heads"_s].wholeAt(0), 2);
    QCOMPARE(part[u"rows"_s].wholeAt(0), 5);
    for (int i = 0; i < 2; ++i)
        for (int row = 0; row < 4; ++row)
            for (int s = 0; s < 13; ++s) {
                const int head = 4 + (i == 0 ? 2 : 0);
                QVERIFY(std::abs(part[u"attention"_s].floatAt((i * 4 + row) * 13 + s) -
                                 whole[u"attention"_s].floatAt((head * 13 + row + 5) * 13 + s)) < 1e-6F);
            }
    QCOMPARE(part[u"entropy"_s].floatAt(1), whole[u"entropy"_s].floatAt(4));
}

/// Larger than what is asked for at once, in both directions.
void TestCliInspect::numpyFilesOfLongTextsAreWhole()
{
    constexpr int kTokens = 2100;
    const QString run = m_home.path(u"long"_s), out = m_home.path(u"long.npz"_s);
    QStringList arguments{u"train"_s,   u"--data"_s, m_home.path(u"fox.txt"_s), u"--out"_s, run,
                          u"--steps"_s, u"1"_s};
    for (const QString &setting :
         {u"model.layers=1"_s, u"model.width=16"_s, u"model.heads=2"_s, u"model.context=2100"_s,
          u"train.batch_size=1"_s, u"train.eval_tokens=2200"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer answer =
        m_home.run({u"inspect"_s, u"attention"_s, run, u"--prompt-file"_s,
                    m_home.write(u"long.txt"_s, QByteArray("fox ").repeated(kTokens / 4)), u"--head"_s,
                    u"1"_s, u"--out"_s, out, u"--threads"_s, u"1"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const Array attention = arraysOf(out)[u"attention"_s];
    QVERIFY(attention.header.contains("(1,1,2100,2100,)"));
    for (qsizetype t = 0; t < kTokens; ++t) {
        double before = 0, behind = 0;
        for (qsizetype s = 0; s < kTokens; ++s)
            (s <= t ? before : behind) += double(attention.floatAt(t * kTokens + s));
        QVERIFY2(std::abs(before - 1) < 1e-4 && behind == 0, qPrintable(QString::number(t)));
    }
}

void TestCliInspect::longTextsAreLookedAtByTheirWindow()
{
    QString text;
    for (int i = 0; i < 100; ++i) text += QChar(u'a' + i % 23);
    const QStringList whole{u"--prompt"_s, text}, maps{u"--layer"_s, u"1"_s, u"--head"_s, u"2"_s};
    const QStringList window{u"--prompt"_s, text.right(64)};
    // From its last token the last 64 are seen, as if they were all there is.
    const QJsonObject seen = json(whole + maps), alone = json(window + maps);
    QCOMPARE(seen[u"note"_s].toString(),
             u"Of 100 tokens the model has 36 to 99 before it here: its context is 64."_s);
    QCOMPARE(seen[u"tokens"_s].toArray().size(), 100);
    QCOMPARE(seen[u"token"_s].toInt(), 99);
    QCOMPARE(seen[u"summaries"_s], alone[u"summaries"_s]);
    QCOMPARE(seen[u"candidates"_s], alone[u"candidates"_s]);
    const QJsonObject map = seen[u"maps"_s].toArray()[0].toObject();
    QCOMPARE(map[u"first_row"_s].toInt(), 36);
    QCOMPARE(map[u"first_column"_s].toInt(), 36);
    QCOMPARE(map[u"mean"_s], alone[u"maps"_s].toArray()[0].toObject()[u"mean"_s]);
    // From one before its first overflow, the first ones.
    const QJsonObject early = json(whole + QStringList{u"--token"_s, u"50"_s});
    QVERIFY2(early[u"note"_s].toString().contains(u"has 0 to 63 before"_s), qPrintable(early[u"note"_s].toString()));
    QCOMPARE(early[u"token"_s].toInt(), 50);
    const EngineAnswer table = inspect(whole);
    QVERIFY2(table.exitCode == 0 && table.out.contains(u"has 36 to 99"_s), qPrintable(table.all()));
    // A file for numpy has the tokens that were read, and says where in the text they stand.
    const QString out = m_home.path(u"window.npz"_s);
    const EngineAnswer written =
        inspect(whole + maps + QStringList{u"--rows"_s, u"90:"_s, u"--out"_s, out, u"--attribution"_s});
    QVERIFY2(written.exitCode == 0, qPrintable(written.all()));
    const auto arrays = arraysOf(out);
    QVERIFY2(arrays[u"attention"_s].header.contains("(1,1,10,64,)"), arrays[u"attention"_s].header.constData());
    QCOMPARE(arrays[u"first_token"_s].wholeAt(0), 36);
    QCOMPARE(arrays[u"rows"_s].wholeAt(0), 90);
    QCOMPARE(arrays[u"token_ids"_s].wholeAt(0), qint64(text[36].unicode()));
    QCOMPARE(arrays[u"attribution"_s].data.size(), 64 * 4);
    for (int row = 0; row < 10; ++row)
        for (int s = 0; s < 64; ++s) {
            const double expected = map[u"mean"_s].toArray()[54 + row].toArray()[s].toDouble();
            QVERIFY(std::abs(double(arrays[u"attention"_s].floatAt(row * 64 + s)) - expected) < 1e-6);
        }
    const EngineAnswer outside = inspect(whole + maps + QStringList{u"--rows"_s, u"3:9"_s, u"--out"_s, out});
    QCOMPARE(outside.exitCode, 3);
    QVERIFY2(outside.err.contains(u"some of the tokens 36 to 99"_s), qPrintable(outside.err));
}

void TestCliInspect::numpyFilesAreLimited()
{
    // Each head 300 times is 90,000 maps of 64 × 64.
    QStringList options{u"--prompt"_s, QString(64, u'x'), u"--out"_s, m_home.path(u"large.npz"_s)};
    for (int i = 0; i < 300; ++i) options << u"--layer"_s << u"1"_s << u"--head"_s << u"2"_s;
    const EngineAnswer answer = inspect(options);
    QCOMPARE(answer.exitCode, 3);
    for (const QString &words :
         {u"90000 heads"_s, u"large.npz"_s, u"1.37 GiB"_s, u"at most 1 GiB"_s, u"--rows A:B"_s})
        QVERIFY2(answer.err.contains(words), qPrintable(answer.err));
    QVERIFY(!QFile::exists(m_home.path(u"large.npz"_s)));
}

void TestCliInspect::readsConversationsAndFiles()
{
    const QString chat = m_home.write(u"chat.json"_s, R"([{"role":"user","content":"hi"}])");
    const QJsonArray tokens = json({u"--messages"_s, chat})[u"tokens"_s].toArray();
    QCOMPARE(tokens.size(), 5);
    QCOMPARE(tokens[0].toObject()[u"text"_s].toString(), u"<|user|>"_s);
    const QString file = m_home.write(u"short.txt"_s, "the fox");
    const QString out = m_home.path(u"report.json"_s);
    const EngineAnswer answer = inspect({u"--prompt-file"_s, file, u"--out"_s, out, u"--layer"_s, u"0"_s});
    QVERIFY2(answer.exitCode == 0 && answer.out.isEmpty(), qPrintable(answer.all()));
    QFile written(out);
    QVERIFY(written.open(QIODevice::ReadOnly));
    const QJsonObject report = QJsonDocument::fromJson(written.readAll()).object();
    QCOMPARE(report[u"tokens"_s].toArray().size(), 7);
    QCOMPARE(report[u"maps"_s].toArray().size(), 4);
}

/// The pictures that the training has kept: of the last step always.
void TestCliInspect::keptFramesAreArrays()
{
    const EngineAnswer listed = m_home.run({u"inspect"_s, u"frames"_s, m_run, u"--json"_s});
    QVERIFY2(listed.exitCode == 0, qPrintable(listed.all()));
    const QJsonArray frames = listed.lines().last()[u"frames"_s].toArray();
    QVERIFY(frames.size() >= 2);
    QCOMPARE(frames.last().toObject()[u"step"_s].toInt(), 5);
    const QString file = m_home.path(u"frames.npz"_s);
    const EngineAnswer written = m_home.run({u"inspect"_s, u"frames"_s, m_run, u"--out"_s, file});
    QVERIFY2(written.exitCode == 0, qPrintable(written.all()));
    const auto arrays = arraysOf(file);
    QCOMPARE(arrays[u"steps"_s].data.size(), frames.size() * 8);
    QCOMPARE(arrays[u"heads"_s].data.size(), 8 * 8);
    const qsizetype perCell = arrays[u"tokens_per_cell"_s].wholeAt(0);
    const qsizetype numTokens = arrays[u"token_ids"_s].data.size() / 8, edge = (numTokens + perCell - 1) / perCell;
    const Array &weights = arrays[u"attention"_s];
    QCOMPARE(weights.data.size(), frames.size() * 8 * edge * edge * 4);
    // A row of a head is a distribution over the tokens of its cells, in eight bits; on the diagonal the mean is of
    // those pairs that may look at each other.
    const qsizetype last = (frames.size() - 1) * 8 * edge * edge;
    for (qsizetype row = 0; row < edge - 1; ++row) {
        double sum = 0;
        for (qsizetype column = 0; column <= row; ++column)
            sum += double(weights.floatAt(last + row * edge + column)) *
                   (column < row ? double(perCell) : double(perCell + 1) / 2);
        QVERIFY2(std::abs(sum - 1) < 0.1, qPrintable(QString::number(sum)));
    }
    QCOMPARE(arrays[u"entropy"_s].data.size(), frames.size() * 8 * 4);
    const EngineAnswer some = m_home.run({u"inspect"_s, u"frames"_s, m_run, u"--from"_s, u"2"_s});
    QVERIFY2(some.out.startsWith(u"Text 2: 1 kept step\nstep 5"_s), qPrintable(some.all()));
}

void TestCliInspect::framesThatAreNotThereAreNamed()
{
    const auto fails = [this](const QStringList &more, const QString &reason) {
        const EngineAnswer answer = m_home.run(QStringList{u"inspect"_s, u"frames"_s, m_run} + more);
        return answer.exitCode != 0 && answer.err.contains(reason);
    };
    QVERIFY(fails({u"--prompt"_s, u"7"_s}, u"it has kept none of text 7, expected at least one."_s));
    QVERIFY(fails({u"--starred"_s}, u"it has kept none of starred heads"_s));
    QVERIFY(fails({u"--from"_s, u"6"_s}, u"none is of the steps 6 to the last, expected steps from 0 to 5."_s));
    QVERIFY(fails({u"--out"_s, u"x.csv"_s}, u"its ending is \".csv\", expected .npz."_s));
}

void TestCliInspect::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const char *name, const QStringList &options, const QStringList &words,
                        int exitCode = 3) {
        QTest::newRow(name) << QStringList{u"--prompt"_s, u"the fox"_s} + options << exitCode << words;
    };
    row("a layer", {u"--layer"_s, u"9"_s}, {u"layer 9"_s, u"0 to 1"_s});
    row("a layer for numpy", {u"--layer"_s, u"9"_s, u"--out"_s, u"a.npz"_s}, {u"layer 9"_s, u"0 to 1"_s});
    row("a head", {u"--head"_s, u"4"_s}, {u"head 4"_s, u"0 to 3"_s});
    row("rows", {u"--head"_s, u"0"_s, u"--rows"_s, u"5:8"_s}, {u"5 to 7"_s, u"0 to 6"_s});
    row("rows for numpy", {u"--rows"_s, u"5:8"_s, u"--out"_s, u"a.npz"_s}, {u"5 to 7"_s, u"0 to 6"_s});
    row("rows that are none", {u"--rows"_s, u"five"_s}, {u"\"five\""_s, u"A:B"_s});
    row("rows with more", {u"--rows"_s, u"1:2:3"_s}, {u"\"1:2:3\""_s});
    row("rows below 0", {u"--rows=-3:2"_s}, {u"\"-3:2\""_s});
    row("a head that is none", {u"--ablate"_s, u"1,2"_s}, {u"\"1,2\""_s, u"LAYER.HEAD"_s});
    row("no such head to leave out", {u"--ablate"_s, u"1.7"_s}, {u"head 7"_s, u"0 to 3"_s});
    row("a token", {u"--token"_s, u"7"_s}, {u"token 7"_s, u"0 to 6"_s});
    row("an id", {u"--answer-ids"_s, u"12,x"_s}, {u"--answer-ids \"12,x\""_s, u"character 3"_s});
    row("an id that is none", {u"--answer-ids"_s, u"272"_s}, {u"token 272"_s, u"below 272"_s});
    row("two prompts", {u"--prompt-ids"_s, u"1"_s}, {u"--prompt-ids"_s}, 2);
    row("candidates", {u"--alternatives"_s, u"51"_s}, {u"alternatives is 51"_s});
    row("an edge", {u"--head"_s, u"0"_s, u"--max-edge"_s, u"0"_s}, {u"max_edge is 0"_s});
    row("a file's ending", {u"--out"_s, u"a.csv"_s}, {u"\".csv\""_s, u".npz or .json"_s});
    row("a folder that is not there", {u"--out"_s, u"/nowhere/at/all/a.npz"_s}, {u"/nowhere/at/all"_s}, 4);
    row("no such chat", {u"--prompt-file"_s, u"none.txt"_s}, {u"--prompt-file"_s}, 2);
    QTest::newRow("a token behind a long text")
        << QStringList{u"--prompt"_s, QString(65, u'x'), u"--token"_s, u"65"_s} << 3
        << QStringList{u"token 65"_s, u"0 to 64"_s, u"Choose a token"_s};
    QTest::newRow("no such file") << QStringList{u"--prompt-file"_s, u"none.txt"_s} << 3
                                  << QStringList{u"none.txt"_s};
}

void TestCliInspect::namesWhatIsWrong()
{
    QFETCH(QStringList, options);
    QFETCH(int, exitCode);
    QFETCH(QStringList, words);
    const EngineAnswer answer = inspect(options);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(QString::number(answer.exitCode) + answer.all()));
    for (const QString &word : words) QVERIFY2(answer.err.contains(word), qPrintable(answer.all()));
    if (exitCode == 2) return;
    const QJsonObject error = inspect(options + QStringList{u"--json"_s}).lines().value(0);
    QCOMPARE(error[u"event"_s].toString(), u"error"_s);
}

QTEST_GUILESS_MAIN(TestCliInspect)
#include "tst_cli_inspect.moc"
