// SPDX-License-Identifier: Apache-2.0
// A run with all three levels of memory on the command line: train, resume, generate past the context,
// evaluate; and what is said when it cannot be.
#include "engine_process.h"

#include <QFileInfo>
#include <QJsonArray>

using namespace Qt::StringLiterals;

class TestCliMemory : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void keepsItsSettings();
    void resumes();
    void generatesPastTheContext();
    void tellsWhatAFullAndPinnedMemoryRefused();
    void evaluates();
    void branchesKeepTheParameters();
    void saysWhatIsMissing();

private:
    [[nodiscard]] QStringList trainArguments(const QString &out, const QStringList &more, int numSteps = 4) const;

    EngineHome m_home;
    QString m_text, m_run;
};

QStringList TestCliMemory::trainArguments(const QString &out, const QStringList &more, int numSteps) const
{
    QStringList arguments{u"train"_s, u"--data"_s,  m_text, u"--out"_s,
                          out,        u"--steps"_s, QString::number(numSteps), u"--json"_s};
    const QStringList usual = {u"model.layers=2"_s,
                               u"model.width=32"_s,
                               u"model.heads=2"_s,
                               u"model.context=32"_s,
                               u"train.batch_size=4"_s,
                               u"train.eval_every=4"_s,
                               u"train.eval_tokens=64"_s,
                               u"train.checkpoint_every=2"_s,
                               u"probes.every=0"_s,
                               u"threads=1"_s,
                               u"data.special_tokens=none"_s, // no end of the text: as many tokens as asked
                               u"plugins.use=[\"memory\"]"_s,
                               u"plugins.memory.episodic_size=24"_s,
                               u"plugins.memory.semantic_size=64"_s,
                               u"plugins.memory.semantic_top_k=4"_s,
                               u"plugins.memory.registers=2"_s};
    for (const QString &setting : usual + more) arguments << u"--set"_s << setting;
    return arguments;
}

void TestCliMemory::initTestCase()
{
    m_text =
        m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(400));
    m_run = m_home.path(u"run"_s);
    const EngineAnswer trained = m_home.run(trainArguments(m_run, {u"model.window=8"_s}));
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
}

void TestCliMemory::keepsItsSettings()
{
    QFile file(m_run + u"/spec.json"_s);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject plugins =
        QJsonDocument::fromJson(file.readAll()).object()[u"spec"_s].toObject()[u"plugins"_s].toObject();
    QCOMPARE(plugins[u"use"_s].toArray(), QJsonArray{u"memory@1.0.0"_s});
    QCOMPARE(plugins[u"memory"_s].toObject()[u"episodic_size"_s].toInt(), 24);
    QCOMPARE(plugins[u"memory"_s].toObject()[u"key_shift"_s].toDouble(), 1.0);
    const EngineAnswer shown = m_home.run({u"plugins"_s, u"show"_s, u"memory"_s});
    QVERIFY2(shown.out.contains(u"plugins.memory.episodic_size = 0"_s), qPrintable(shown.all()));
    QVERIFY2(shown.out.contains(u"AttentionSource episodic"_s), qPrintable(shown.all()));
}

void TestCliMemory::resumes()
{
    const EngineAnswer resumed = m_home.run({u"resume"_s, m_run, u"--steps"_s, u"6"_s, u"--json"_s});
    QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.all()));
    // As if nothing had come between, to the bit.
    const EngineAnswer whole = m_home.run(trainArguments(
        m_home.path(u"whole"_s), {u"model.window=8"_s, u"schedule.total_steps=4"_s}, 6));
    QVERIFY2(whole.exitCode == 0, qPrintable(whole.all()));
    const auto losses = [](const EngineAnswer &answer) {
        QMap<int, double> found;
        for (const QJsonObject &line : answer.lines())
            if (line.contains(u"step"_s) && line[u"loss"_s].isDouble())
                found[line[u"step"_s].toInt()] = line[u"loss"_s].toDouble();
        return found;
    };
    const QMap<int, double> cut = losses(resumed), all = losses(whole);
    QVERIFY2(cut.contains(5) && cut.contains(6) && !cut.contains(4), qPrintable(resumed.out));
    for (const int step : {5, 6}) QCOMPARE(cut[step], all[step]);
}

/// What changes which parameters the model has is refused when the branch is made, not when it begins.
void TestCliMemory::branchesKeepTheParameters()
{
    const auto branch = [&](const QString &name, const QStringList &settings) {
        QStringList arguments{u"branch"_s, m_run, u"--step"_s, u"2"_s, u"--out"_s, m_home.path(name)};
        for (const QString &setting : settings) arguments << u"--set"_s << setting;
        return m_home.run(arguments);
    };
    for (const auto &[setting, reason] :
         {std::pair{u"plugins.memory.episodic_size=0"_s, u"the model would have no parameter \"blocks."_s},
          std::pair{u"plugins.memory.episodic_layer=0"_s, u"the model would have a parameter \"blocks.0."_s},
          std::pair{u"plugins.memory.registers=4"_s, u"would have another shape than in its checkpoint"_s}}) {
        const EngineAnswer refused = branch(u"no_branch"_s, {setting});
        QCOMPARE(refused.exitCode, 3);
        QVERIFY2(refused.err.contains(u"at step 2 with "_s + setting + u": "_s) && refused.err.contains(reason) &&
                     refused.err.contains(u"Leave "_s + setting.section(u'=', 0, 0) + u" as it is"_s),
                 qPrintable(refused.all()));
        QVERIFY(!QDir(m_home.path(u"no_branch"_s)).exists());
    }
    const EngineAnswer made = branch(u"branch"_s, {u"plugins.memory.episodic_size=16"_s, u"plugins.memory.top_k=2"_s});
    QVERIFY2(made.exitCode == 0, qPrintable(made.all()));
    const EngineAnswer resumed = m_home.run({u"resume"_s, m_home.path(u"branch"_s), u"--json"_s});
    QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.all()));
}

void TestCliMemory::generatesPastTheContext()
{
    // 60 tokens in a context of 32: the cache is read anew twice, and the 24 slots overflow.
    const QStringList arguments{u"generate"_s,     m_run,          u"--prompt"_s, u"the quick brown fox"_s,
                                u"--max-tokens"_s, u"60"_s,        u"--seed"_s,   u"3"_s,
                                u"--json"_s,       u"--threads"_s, u"1"_s};
    const EngineAnswer first = m_home.run(arguments), second = m_home.run(arguments);
    QVERIFY2(first.exitCode == 0, qPrintable(first.all()));
    QCOMPARE(first.lines().last()[u"generated_tokens"_s].toInt(), 60);
    QCOMPARE(first.lines().last()[u"text"_s].toString(), second.lines().last()[u"text"_s].toString());
}

void TestCliMemory::tellsWhatAFullAndPinnedMemoryRefused()
{
    const QString memory = m_home.path(u"full.memory"_s);
    const QStringList file{u"--memory"_s, memory};
    const auto generate = [&](const QString &prompt, const QStringList &more) {
        return m_home.run(QStringList{u"generate"_s, m_run, u"--prompt"_s, prompt, u"--max-tokens"_s, u"4"_s,
                                      u"--threads"_s, u"1"_s} +
                          file + more);
    };
    const EngineAnswer filled = generate(u"the quick brown fox jumps over it"_s, {u"--json"_s});
    QVERIFY2(filled.exitCode == 0, qPrintable(filled.all()));
    // Full, but what came first went for what came last.
    QCOMPARE(filled.lines().last()[u"refused"_s].toInt(-1), 0);
    QVERIFY2(!filled.err.contains(u"not remembered"_s), qPrintable(filled.err));
    const EngineAnswer listed = m_home.run(QStringList{u"memory"_s, u"list"_s, m_run, u"--json"_s} + file);
    QVERIFY2(listed.exitCode == 0, qPrintable(listed.all()));
    const QJsonArray events = listed.lines().last()[u"events"_s].toArray();
    QVERIFY(!events.isEmpty());
    const auto pin = [&](const QString &action, const QJsonValue &event) {
        const EngineAnswer done =
            m_home.run(QStringList{u"memory"_s, action, m_run, u"--event"_s,
                                   QString::number(event.toObject()[u"id"_s].toInt())} +
                       file);
        QVERIFY2(done.exitCode == 0, qPrintable(done.all()));
    };
    for (const QJsonValue &event : events) pin(u"pin"_s, event);

    // 12 bytes are read and 4 answered: none of them finds a slot, nor do those of the window at the end.
    const EngineAnswer json = generate(u"another text"_s, {u"--json"_s});
    QVERIFY2(json.exitCode == 0, qPrintable(json.all()));
    QCOMPARE(json.lines().last()[u"refused"_s].toInt(), 16);
    const EngineAnswer text = generate(u"another text"_s, {});
    QCOMPARE(text.exitCode, 0);
    QVERIFY2(text.err.contains(u"16 tokens were not remembered: all 24 slots are pinned. Unpin an event"_s),
             qPrintable(text.err));
    QVERIFY(text.out.endsWith(u'\n') && !text.out.contains(u"remembered"_s));

    // The file has what was lost since it was begun, and a look at it changes nothing.
    const auto list = [&] {
        return m_home.run(QStringList{u"memory"_s, u"list"_s, m_run, u"--json"_s} + file).lines().last();
    };
    const int numEvicted = list()[u"evicted"_s].toInt();
    QVERIFY2(numEvicted > 0, qPrintable(QString::number(numEvicted)));
    QCOMPARE(list()[u"refused"_s].toInt(), 32);
    QCOMPARE(list()[u"skipped"_s].toInt(-1), 0);
    // A file of before it was kept: nobody knows, but this call does know its own.
    QFile written(memory);
    QVERIFY(written.open(QIODevice::ReadOnly));
    QByteArray bytes = written.readAll();
    const QByteArray kept = bytes;
    written.close();
    for (const char *key : {"evicted", "skipped", "refused"}) bytes.replace(QByteArray(key) + "\":", "x" + QByteArray(key).mid(1) + "\":");
    QVERIFY(bytes != kept);
    const auto put = [&](const QByteArray &content) {
        return written.open(QIODevice::WriteOnly | QIODevice::Truncate) && written.write(content) == content.size() && written.flush();
    };
    QVERIFY(put(bytes));
    written.close();
    for (const QString &key : {u"evicted"_s, u"skipped"_s, u"refused"_s}) QVERIFY2(list().value(key).isNull(), qPrintable(key));
    QCOMPARE(generate(u"another text"_s, {u"--json"_s}).lines().last()[u"refused"_s].toInt(), 16);
    QVERIFY(list().value(u"refused"_s).isNull());
    QVERIFY(put(kept));
    written.close();

    for (const QJsonValue &event : events) pin(u"unpin"_s, event);
    QCOMPARE(generate(u"another text"_s, {u"--json"_s}).lines().last()[u"refused"_s].toInt(-1), 0);
    // Without a file nothing is kept, so nothing is refused.
    const EngineAnswer none = m_home.run({u"generate"_s, m_run, u"--max-tokens"_s, u"2"_s, u"--json"_s});
    QVERIFY2(!none.lines().last().contains(u"refused"_s), qPrintable(none.all()));
}

void TestCliMemory::evaluates()
{
    const EngineAnswer evaluated =
        m_home.run({u"evaluate"_s, m_run, u"--data"_s, m_text, u"--json"_s, u"--threads"_s, u"1"_s});
    QVERIFY2(evaluated.exitCode == 0, qPrintable(evaluated.all()));
    const double loss = evaluated.lines().last()[u"loss"_s].toDouble();
    QVERIFY2(loss > 0 && loss < 6, qPrintable(evaluated.out));
}

void TestCliMemory::saysWhatIsMissing()
{
    // Before there is a run.
    const auto refused = [&](const QString &name, const QStringList &settings, const QString &part) {
        const EngineAnswer answer = m_home.run(trainArguments(m_home.path(name), settings));
        QCOMPARE(answer.exitCode, 3);
        QVERIFY2(answer.all().contains(part), qPrintable(answer.all()));
        QVERIFY(!QFile::exists(m_home.path(name)));
    };
    refused(u"none"_s, {}, u"model.window of 1 or more beside it: without one no token leaves it"_s);
    refused(
        u"wide"_s, {u"model.window=32"_s},
        u"found 24, expected 0 beside model.window 32 and model.context 32: no token leaves the window"_s);
    const QString window = u"model.window=8"_s;
    refused(u"segment"_s, {window, u"plugins.memory.register_segment=32"_s},
            u"found 32, expected fewer tokens than model.context, 32"_s);
    refused(u"square"_s, {window, u"plugins.memory.semantic_size=65"_s, u"plugins.memory.semantic_top_k=4"_s},
            u"expected a square number such as 64"_s);
    refused(u"few"_s, {window, u"plugins.memory.semantic_top_k=16"_s},
            u"found 16, expected at most 8, the root of semantic_size"_s);
    refused(u"stages"_s,
            {window, u"plugins.memory.semantic_size=0"_s, u"continual.strategy=sparse_memory"_s, u"continual.stages=[\""_s + m_text + u"\"]"_s},
            u"beside a model without a semantic memory"_s);
}

QTEST_GUILESS_MAIN(TestCliMemory)
#include "tst_cli_memory.moc"
