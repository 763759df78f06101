// SPDX-License-Identifier: GPL-3.0-or-later
// Each module of the model can be switched on in the form of a new run, which then shows what it costs; switched off again,
// the estimate is that of before.
#include "core/plugin/plugin_manifest.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/tone_label.h"
#include "widgets/form/data_card.h"
#include "widgets/form/estimate_card.h"
#include "widgets/form/module_cost_table.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

/// The row's cells as they are copied; empty when there is none of the name.
QStringList rowOf(const NewRunPanel &panel, const QString &name)
{
    for (const QString &line : panel.estimateCard()->modules()->toText().split(u'\n'))
        if (line.startsWith(name + u'\t')) return line.split(u'\t');
    return {};
}

QString withSign(double value, const QString &size) { return value > 0 ? u'+' + size : size; }

} // namespace

class TestFormModules : public QObject {
    Q_OBJECT

    /// With the memory's manifest and a text of a million tokens, both read.
    static void openWithMemory(FakeSession &session, NewRunPanel &panel)
    {
        const auto manifest = readPluginManifest(ORRERY_MEMORY_PLUGIN);
        QVERIFY2(manifest.ok(), manifest.ok() ? "" : manifest.error().text().c_str());
        session.plugins.plugins = {manifest->info};
        session.plugins.plugins.front().state = PluginState::Available;
        session.dataDescription = uR"({"train_tokens": 1000000})"_s;
        panel.show();
        QTRY_VERIFY(panel.form()->editor(u"plugins.memory.semantic_size"_s));
        panel.form()->setGiven(u"data.path"_s, u"/text"_s);
        QTRY_COMPARE(panel.dataCard()->numTrainTokens(), quint64(1'000'000));
    }

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
        FakeSession session;
        NewRunPanel panel(session);
        openWithMemory(session, panel);
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
        }
        // Together: a plugin that is used and whose parts are still off has no effect, which stands under it.
        for (const QString &setting : settings) {
            const QString told = panel.form()->shownError(setting.section(u'=', 0, 0));
            QVERIFY2(told.isEmpty(), qPrintable(told));
        }
        QVERIFY2(cost() > before, qPrintable(u"%1 is still %2"_s.arg(grows).arg(before)));
        QVERIFY(panel.form()->isValid());
        panel.form()->resetAll();
        panel.form()->setGiven(u"data.path"_s, u"/text"_s);
        QTRY_VERIFY(isDescribed());
        QCOMPARE(cost(), before);
    }
    void eachHasALineWithWhatItTakes_data()
    {
        QTest::addColumn<QStringList>("around"); // what it needs beside it, and is left when it goes
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("name");
        const QStringList memory{u"model.window=16"_s, u"plugins.use=memory"_s};
        QTest::newRow("modalities") << QStringList{} << u"attention.num_modalities=3"_s << u"Modalities"_s;
        QTest::newRow("prefixes and holes")
            << QStringList{} << u"objective.name=hybrid"_s << u"Objective hybrid"_s;
        QTest::newRow("registers") << memory << u"plugins.memory.registers=8"_s << u"Registers"_s;
        QTest::newRow("episodic memory")
            << memory << u"plugins.memory.episodic_size=4096"_s << u"Episodic memory"_s;
        QTest::newRow("semantic memory")
            << memory << u"plugins.memory.semantic_size=4096"_s << u"Semantic memory"_s;
        for (const char *strategy : {"er", "rehearsal", "derpp", "ewc"})
            QTest::newRow(strategy) << QStringList{u"continual.strategy=%1"_s.arg(QLatin1String(strategy))}
                                    << u"continual.stages=/b"_s
                                    << u"Further data, %1"_s.arg(QLatin1String(strategy));
    }
    void eachHasALineWithWhatItTakes()
    {
        QFETCH(QStringList, around);
        QFETCH(QString, setting);
        QFETCH(QString, name);
        FakeSession session;
        NewRunPanel panel(session);
        openWithMemory(session, panel);
        const auto give = [&panel](const QString &one) {
            panel.form()->setGiven(one.section(u'=', 0, 0), one.section(u'=', 1));
        };
        for (const QString &one : std::as_const(around)) give(one);
        QTRY_COMPARE(panel.dataCard()->numTrainTokens(), quint64(1'000'000));
        const EstimateCard &card = *panel.estimateCard();
        QVERIFY(card.modules()->isHidden());
        QVERIFY(!card.numbers()->toText().contains(u"Of which"_s));
        const RunEstimate before = card.estimate();
        const double seconds = card.time().seconds;
        give(setting);
        QTRY_COMPARE(panel.dataCard()->numTrainTokens(),
                     quint64(1'000'000)); // some settings have the data read again
        QVERIFY(card.modules()->isVisibleTo(&card));
        const double parameters = double(card.estimate().numParameters) - double(before.numParameters);
        const double bytes = double(card.estimate().totalBytes) - double(before.totalBytes);
        const double percent = (card.time().seconds / seconds - 1) * 100;
        QVERIFY(percent > 0.05);
        const QStringList line{name, withSign(parameters, countText(parameters)),
                               withSign(bytes, bytesText(quint64(bytes))),
                               withSign(percent, percentText(percent))};
        QCOMPARE(rowOf(panel, name), line);
        QVERIFY(rowOf(panel, u"Together"_s).isEmpty());                       // it would say the same
        QVERIFY(card.numbers()->toText().endsWith(card.modules()->toText())); // what "Copy all" copies
        panel.form()->resetAll();
        QVERIFY(card.modules()->isHidden());
    }
    void allTogetherHaveALineOfTheirOwn()
    {
        FakeSession session;
        NewRunPanel panel(session);
        openWithMemory(session, panel);
        panel.form()->setGiven(u"plugins.use"_s, u"memory"_s);
        const RunEstimate before = panel.estimateCard()->estimate();
        panel.form()->setGiven(u"plugins.memory.registers"_s, u"8"_s);
        panel.form()->setGiven(u"plugins.memory.semantic_size"_s, u"4096"_s);
        const double parameters =
            double(panel.estimateCard()->estimate().numParameters) - double(before.numParameters);
        QCOMPARE(rowOf(panel, u"Together"_s).value(1), u'+' + countText(parameters));
        const auto percentOf = [&panel](const QString &name) {
            const QStringList line = rowOf(panel, name);
            return line.value(3).mid(1).section(u' ', 0, 0).toDouble();
        };
        QVERIFY(percentOf(u"Together"_s) > percentOf(u"Registers"_s) + percentOf(u"Semantic memory"_s));
        // On another device nothing is known of the time, but of the rest.
        panel.form()->setGiven(u"device"_s, u"cuda"_s);
        QCOMPARE(rowOf(panel, u"Registers"_s).value(3), unknownText());
        QVERIFY(rowOf(panel, u"Registers"_s).value(1).startsWith(u'+'));
    }
    /// As it stands while data are chosen that need the module, and after it was switched off under them.
    void errorsOfTheRestDoNotMatter()
    {
        FakeSession session;
        NewRunPanel panel(session);
        openWithMemory(session, panel);
        panel.form()->setGiven(u"attention.num_modalities"_s, u"3"_s);
        QTRY_COMPARE(panel.dataCard()->numTrainTokens(), quint64(1'000'000));
        const QStringList line = rowOf(panel, u"Modalities"_s);
        panel.form()->setGiven(u"model.heads"_s, u"7"_s);
        panel.form()->setOutsideProblem(u"data.path"_s, u"no such file"_s);
        QVERIFY(!panel.form()->isValid());
        QVERIFY(!rowOf(panel, u"Modalities"_s).isEmpty());
        panel.form()->setGiven(u"model.heads"_s, u"4"_s);
        QCOMPARE(rowOf(panel, u"Modalities"_s), line);
    }
    void nothingIsCutAndTabPassesBy()
    {
        FakeSession session;
        NewRunPanel panel(session);
        openWithMemory(session, panel);
        for (const auto &[key, value] : std::initializer_list<std::pair<QString, QString>>{
                 {u"attention.num_modalities"_s, u"3"_s},
                 {u"objective.name"_s, u"hybrid"_s},
                 {u"plugins.use"_s, u"memory"_s},
                 {u"plugins.memory.registers"_s, u"8"_s},
                 {u"plugins.memory.semantic_size"_s, u"16384"_s},
                 {u"continual.stages"_s, u"/b"_s},
                 {u"continual.strategy"_s, u"rehearsal"_s}})
            panel.form()->setGiven(key, value);
        EstimateCard card;
        card.setEstimate(panel.form()->builder().preview(), *panel.form()->table(), {}, 0, 1'000'000);
        card.show();
        for (const int width : {240, 280, 360, 900, 360}) {
            card.resize(width, 700);
            const ModuleCostTable &table = *card.modules();
            QTRY_COMPARE(table.isStacked(), width < 300);
            QTRY_VERIFY(table.height() >= table.minimumSizeHint().height());
            int numSeen = 0;
            for (const ToneLabel *label : table.findChildren<ToneLabel *>()) {
                const QByteArray text = label->text().toUtf8() + " at " + QByteArray::number(width);
                QTRY_VERIFY2(label->width() >= label->sizeHint().width(), text.constData());
                QVERIFY2(table.rect().contains(label->geometry()), text.constData());
                QVERIFY2(!(label->focusPolicy() & Qt::TabFocus), text.constData());
                QVERIFY2(!label->accessibleName().isEmpty() || !label->text().isEmpty(), text.constData());
                ++numSeen;
            }
            QCOMPARE(numSeen, 4 * (1 + 5 + 1)); // heads, modules, together
        }
        const ToneLabel *value = nullptr;
        for (const ToneLabel *label : card.modules()->findChildren<ToneLabel *>())
            if (label->accessibleName().startsWith(u"Registers, Memory: +"_s)) value = label;
        QVERIFY(value);
        QVERIFY2(value->toolTip().contains(u"with “Registers” at 0 (plugins.memory.registers)"_s),
                 qPrintable(value->toolTip()));
    }
    void saysWhatDoesNotGoTogether()
    {
        FakeSession session;
        NewRunPanel panel(session);
        openWithMemory(session, panel);
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
