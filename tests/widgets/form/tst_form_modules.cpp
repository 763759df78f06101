// SPDX-License-Identifier: GPL-3.0-or-later
// Each module of the model can be switched on in the form of a new run, which then shows what it costs; switched off again,
// the estimate is that of before.
#include "core/plugin/plugin_manifest.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/form/data_card.h"
#include "widgets/form/estimate_card.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

class TestFormModules : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void showWhatTheyCost_data()
    {
        QTest::addColumn<QStringList>("settings"); // key=value, those that switch it on first
        QTest::addColumn<QString>("grows");
        QTest::newRow("prefixes and holes") << QStringList{u"objective.name=hybrid"_s} << u"activations"_s;
        QTest::newRow("pictures") << QStringList{u"attention.num_modalities=2"_s} << u"parameters"_s;
        QTest::newRow("recordings too") << QStringList{u"attention.num_modalities=3"_s} << u"parameters"_s;
        QTest::newRow("dropped attention") << QStringList{u"model.attention_dropout=0.1"_s} << u"activations"_s;
        QTest::newRow("registers")
            << QStringList{u"model.window=16"_s, u"plugins.use=memory"_s, u"plugins.memory.registers=8"_s}
            << u"parameters"_s;
        QTest::newRow("episodic memory")
            << QStringList{u"model.window=16"_s, u"plugins.use=memory"_s, u"plugins.memory.episodic_size=4096"_s}
            << u"cache"_s;
        QTest::newRow("reading that memory")
            << QStringList{u"model.window=16"_s, u"plugins.use=memory"_s, u"plugins.memory.episodic_size=4096"_s}
            << u"time beside that of its parameters"_s;
        QTest::newRow("semantic memory")
            << QStringList{u"plugins.use=memory"_s, u"plugins.memory.semantic_size=4096"_s} << u"parameters"_s;
        QTest::newRow("texts in turn, ours")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=rehearsal"_s} << u"time"_s;
        QTest::newRow("texts in turn, made-up texts")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=rehearsal"_s} << u"time of stages"_s;
        QTest::newRow("texts in turn, Fisher")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=ewc"_s} << u"time of stages"_s;
        QTest::newRow("texts in turn, read again for its logits")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=derpp"_s} << u"time of stages"_s;
        QTest::newRow("texts in turn, counted slots")
            << QStringList{u"plugins.use=memory"_s, u"plugins.memory.semantic_size=4096"_s,
                           u"continual.stages=/b"_s, u"continual.strategy=sparse_memory"_s}
            << u"time of stages"_s;
        QTest::newRow("texts in turn, replay alone")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=er"_s} << u"time"_s;
        QTest::newRow("texts in turn, penalty")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=ewc"_s} << u"memory"_s;
        QTest::newRow("texts in turn, kept logits")
            << QStringList{u"continual.stages=/b"_s, u"continual.strategy=derpp"_s} << u"memory"_s;
    }
    void showWhatTheyCost()
    {
        QFETCH(const QStringList, settings);
        QFETCH(const QString, grows);
        const auto manifest = readPluginManifest(ORRERY_MEMORY_PLUGIN);
        QVERIFY2(manifest.ok(), manifest.ok() ? "" : manifest.error().text().c_str());
        FakeSession session;
        session.plugins.plugins = {manifest->info};
        session.plugins.plugins.front().state = PluginState::Available;
        session.dataDescription = uR"({"train_tokens": 1000000})"_s;
        NewRunPanel panel(session);
        panel.show();
        QTRY_VERIFY(panel.form()->editor(u"plugins.memory.semantic_size"_s));
        panel.form()->setGiven(u"data.path"_s, u"/text"_s);
        QTRY_COMPARE(panel.dataCard()->numTrainTokens(), quint64(1'000'000));
        const auto cost = [&] {
            const RunEstimate &shown = panel.estimateCard()->estimate();
            if (grows == u"parameters") return static_cast<double>(shown.numParameters);
            if (grows == u"activations") return static_cast<double>(shown.activationBytes);
            if (grows == u"cache") return static_cast<double>(shown.cacheBytes);
            if (grows == u"time") return shown.totalSeconds;
            if (grows == u"time of stages") return panel.estimateCard()->time().parts.stages;
            if (grows.startsWith(u"time beside"))
                return shown.flopsPerToken - 6 * static_cast<double>(shown.numOfPlugins);
            return static_cast<double>(shown.totalBytes);
        };
        // Reading the text is a part of the time, and its size comes with the description.
        const auto isDescribed = [&panel] { return panel.dataCard()->numTrainTokens() > 0; };
        QTRY_VERIFY(isDescribed());
        const double before = cost();
        QVERIFY(before > 0 || grows == u"time of stages");
        for (const QString &setting : settings) {
            const QString key = setting.section(u'=', 0, 0), value = setting.section(u'=', 1);
            QVERIFY2(panel.form()->editor(key), qPrintable(key));
            panel.form()->setGiven(key, value);
            QVERIFY2(panel.form()->shownError(key).isEmpty(), qPrintable(panel.form()->shownError(key)));
        }
        QVERIFY2(cost() > before, qPrintable(u"%1 is still %2"_s.arg(grows).arg(before)));
        QVERIFY(panel.form()->isValid());
        panel.form()->resetAll();
        panel.form()->setGiven(u"data.path"_s, u"/text"_s);
        QTRY_VERIFY(isDescribed());
        QCOMPARE(cost(), before);
    }
    void saysWhatDoesNotGoTogether()
    {
        const auto manifest = readPluginManifest(ORRERY_MEMORY_PLUGIN);
        QVERIFY2(manifest.ok(), manifest.ok() ? "" : manifest.error().text().c_str());
        FakeSession session;
        session.plugins.plugins = {manifest->info};
        session.plugins.plugins.front().state = PluginState::Available;
        session.dataDescription = uR"({"train_tokens": 1000000})"_s;
        NewRunPanel panel(session);
        panel.show();
        QTRY_VERIFY(panel.form()->editor(u"plugins.memory.semantic_size"_s));
        panel.form()->setGiven(u"data.path"_s, u"/text"_s);
        panel.form()->setGiven(u"plugins.use"_s, u"memory"_s);
        QVERIFY(panel.form()->isValid());
        const auto expects = [&](const QString &key, const QString &part) {
            QVERIFY(!panel.form()->isValid());
            const QString shown = panel.form()->shownError(key);
            QVERIFY2(shown.contains(part), qPrintable(key + u": "_s + shown));
        };
        panel.form()->setGiven(u"plugins.memory.episodic_size"_s, u"4096"_s);
        expects(u"plugins.memory.episodic_size"_s, u"model.window of 1 or more beside it"_s);
        panel.form()->setGiven(u"model.window"_s, u"16"_s);
        QVERIFY(panel.form()->isValid());
        panel.form()->setGiven(u"plugins.memory.semantic_size"_s, u"100"_s);
        expects(u"plugins.memory.semantic_top_k"_s, u"at most 10, the root of semantic_size"_s);
        panel.form()->setGiven(u"plugins.memory.semantic_size"_s, u"1000"_s);
        expects(u"plugins.memory.semantic_size"_s, u"a square number such as 1024"_s);
        panel.form()->setGiven(u"plugins.memory.semantic_size"_s, u"1024"_s);
        QVERIFY(panel.form()->isValid());
        panel.form()->setGiven(u"continual.stages"_s, u"/b"_s);
        panel.form()->setGiven(u"continual.strategy"_s, u"sparse_memory"_s);
        QVERIFY(panel.form()->isValid());
        panel.form()->setGiven(u"plugins.memory.semantic_size"_s, u"0"_s);
        expects(u"continual.strategy"_s, u"beside a model without a semantic memory"_s);
    }
};

ORRERY_GUI_TEST_MAIN(TestFormModules)
#include "tst_form_modules.moc"
