// SPDX-License-Identifier: GPL-3.0-or-later
// The form of a new run with the plugins of its engine: their parts, their settings, and drafts that outlive
// them.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/plugins/plugin_samples.h"

#include "widgets/common/field_editor.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"

#include <QComboBox>
#include <QPushButton>
#include <QSignalSpy>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

QComboBox *ffnBox(const SpecForm &form)
{
    auto *box = qobject_cast<QComboBox *>(form.editor(u"model.ffn"_s)->control());
    if (!box) qFatal("model.ffn is no box");
    return box;
}

} // namespace

class TestFormPlugins : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void partsJoinTheirChoice()
    {
        SpecForm form;
        QCOMPARE(ffnBox(form)->findText(u"relu_squared"_s), -1);
        QVERIFY(!form.editor(u"plugins.use"_s));
        form.setTable(FieldTable::withPlugins({reluPlugin()}));
        QVERIFY(ffnBox(form)->findText(u"relu_squared"_s) >= 0);
        QVERIFY(form.searchBox()->placeholderText().contains(QString::number(specFields().size() + 3)));
        form.setGiven(u"data.path"_s, u"/text"_s);
        form.setGiven(u"model.ffn"_s, u"relu_squared"_s);
        QVERIFY(form.isValid());
        QCOMPARE(form.builder().build()->plugins.use, std::vector<std::string>{"relu@1.2.0"});
    }
    void settingsShowWhenTheirPluginIsUsed()
    {
        SpecForm form;
        form.setTable(FieldTable::withPlugins({reluPlugin()}));
        form.show();
        QVERIFY(!form.isRowShown(u"plugins.relu.scale"_s));
        form.searchBox()->setText(u"multiplies the activation"_s);
        QVERIFY(!form.isRowShown(u"plugins.relu.scale"_s)); // it would do nothing
        form.searchBox()->clear();
        form.setGiven(u"model.ffn"_s, u"relu_squared"_s);
        QVERIFY(form.isRowShown(u"plugins.relu.scale"_s));
        form.setGiven(u"plugins.relu.scale"_s, u"11"_s);
        QVERIFY(form.shownError(u"plugins.relu.scale"_s).contains(u"found 11"_s));
        form.setGiven(u"plugins.relu.scale"_s, u"2"_s);
        form.setGiven(u"model.ffn"_s, u"gelu"_s);
        QVERIFY(form.isRowShown(u"plugins.relu.scale"_s)); // it is given, and a mistake
        QVERIFY(form.shownError(u"plugins.relu.scale"_s).contains(u"does not use plugin \"relu\""_s));
    }
    void whatCannotBeUsedSaysWhyUnderItsField()
    {
        PluginInfo gone = reluPlugin();
        gone.state = PluginState::Refused;
        gone.reason = "Cannot find \"librelu.so\": the library is missing.";
        SpecForm form;
        form.setTable(FieldTable::withPlugins({gone}));
        QCOMPARE(ffnBox(form)->findText(u"relu_squared"_s), -1);
        form.setGiven(u"plugins.use"_s, u"relu"_s);
        QVERIFY(form.shownError(u"plugins.use"_s).contains(u"cannot find \"librelu.so\""_s));
    }
    void aNewTableKeepsWhatWasGiven()
    {
        SpecForm form;
        form.show();
        form.presets()->setFocus();
        form.setGiven(u"model.layers"_s, u"3"_s);
        form.setGiven(u"train.steps"_s, u"many"_s); // wrong, and still there
        QSignalSpy changed(&form, &SpecForm::changed);
        form.setTable(FieldTable::withPlugins({reluPlugin()}));
        QCOMPARE(form.builder().preview().model.layers, int64_t{3});
        QVERIFY(form.shownError(u"train.steps"_s).contains(u"many"_s));
        QVERIFY(changed.count() >= 1);
        form.setTable(FieldTable::builtIn());
        QCOMPARE(form.builder().preview().model.layers, int64_t{3});
    }
    void aDraftWaitsForItsPlugins()
    {
        SpecForm form;
        form.setTable(FieldTable::withPlugins({reluPlugin()}));
        form.setGiven(u"model.ffn"_s, u"relu_squared"_s);
        form.setGiven(u"plugins.relu.scale"_s, u"3"_s);
        const QString draft = form.draftJson();

        SpecForm later; // a window that was just opened: no engine has told of plugins yet
        later.restoreDraft(draft);
        QCOMPARE(later.draftJson(), draft);
        later.setTable(FieldTable::withPlugins({reluPlugin()}));
        QCOMPARE(later.editor(u"plugins.relu.scale"_s)->givenText(), std::optional(u"3"_s));
        QCOMPARE(later.builder().preview().model.ffn, std::string("relu_squared"));
        later.setTable(FieldTable::builtIn()); // the engine went away
        later.setTable(FieldTable::withPlugins({reluPlugin()}));
        QCOMPARE(later.draftJson(), draft);
        later.resetAll();
        QVERIFY(!later.draftJson().contains(u"plugins"_s));
    }

    void thePanelAsksItsEngine()
    {
        FakeSession session;
        session.plugins.plugins = {reluPlugin()};
        NewRunPanel panel(session);
        QTRY_VERIFY(ffnBox(*panel.form())->findText(u"relu_squared"_s) >= 0);
        const FieldTable::Ptr table = panel.form()->table();
        const int asked = session.numPluginQueries;
        panel.show(); // asks again; the same answer changes nothing
        QTRY_VERIFY(session.numPluginQueries > asked);
        QTest::qWait(20);
        QVERIFY(panel.form()->table() == table);
        session.plugins.plugins.clear();
        session.setConnection(ConnectionState::Connected);
        QTRY_COMPARE(ffnBox(*panel.form())->findText(u"relu_squared"_s), -1);
    }
    void whatIsStartedNamesItsPlugins()
    {
        FakeSession session;
        session.plugins.plugins = {reluPlugin()};
        NewRunPanel panel(session);
        QTRY_VERIFY(panel.form()->editor(u"plugins.relu.scale"_s));
        panel.form()->setGiven(u"data.path"_s, u"/text"_s);
        panel.form()->setGiven(u"model.ffn"_s, u"relu_squared"_s);
        panel.form()->setGiven(u"plugins.relu.scale"_s, u"2"_s);
        QVERIFY(panel.command().contains(u"--set model.ffn=relu_squared"_s) &&
                panel.command().contains(u"--set plugins.relu.scale=2"_s));
        panel.start();
        QTRY_COMPARE(session.createdSpecs.size(), 1);
        const Result<RunSpec> sent = specFromJson(session.createdSpecs[0].toStdString());
        QVERIFY2(sent.ok(), sent.ok() ? "" : sent.error().text().c_str());
        QCOMPARE(sent->plugins.use, std::vector<std::string>{"relu@1.2.0"});
        QCOMPARE(std::get<double>(sent->plugins.settings.at("plugins.relu.scale")), 2.0);
    }
    void aRunWithPluginsFillsTheForm()
    {
        FakeSession session;
        session.plugins.plugins = {reluPlugin()};
        SpecBuilder builder(FieldTable::withPlugins(session.plugins.plugins));
        (void)builder.setText("data.path", "/text");
        (void)builder.setText("model.ffn", "relu_squared");
        (void)builder.setText("plugins.relu.scale", "4");
        session.specs[u"old"_s] = QString::fromStdString(specToJson(*builder.build()));
        NewRunPanel panel(session);
        QTRY_VERIFY(panel.form()->editor(u"plugins.relu.scale"_s));
        panel.fillFromRun(u"old"_s);
        QTRY_COMPARE(panel.form()->editor(u"plugins.relu.scale"_s)->givenText(), std::optional(u"4"_s));
        QVERIFY(!panel.form()->editor(u"plugins.relu.mode"_s)->givenText()); // stood at its default
        QVERIFY(panel.form()->isValid());
    }
};

ORRERY_GUI_TEST_MAIN(TestFormPlugins)
#include "tst_form_plugins.moc"
