// SPDX-License-Identifier: GPL-3.0-or-later
// What a new run takes over: the settings of a run, or the weights of a model with the settings that they need.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/filter_popup.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/view_link.h"
#include "widgets/form/model_start.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"

#include <QLineEdit>
#include <QAbstractButton>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// Knows models: their settings, and runs that begin with them.
class ModelSession : public FakeSession {
public:
    Result<QString> settings = QString(uR"({"model.layers":3,"model.width":96,"model.heads":3})"_s);
    Result<RunStatus> created = fakeRun("begun");
    QStringList askedModels, begunWith, begunSpecs;
    bool isHeld = false; ///< nothing is answered
    int numDropped = 0;

    std::unique_ptr<PendingRequest> modelSettings(const QString &model, QObject *context, Reply<QString> reply) override
    {
        askedModels << model;
        return answer(context, [this, reply] { reply(settings); });
    }
    std::unique_ptr<PendingRequest> createRunFrom(const QString &model, const QString &specJson, bool, QObject *context,
                                                  Reply<RunStatus> reply) override
    {
        begunWith << model;
        begunSpecs << specJson;
        return answer(context, [this, reply] { reply(created); });
    }

private:
    std::unique_ptr<PendingRequest> answer(QObject *context, std::function<void()> tell)
    {
        const auto isWanted = std::make_shared<bool>(true);
        if (!isHeld)
            QTimer::singleShot(0, context, [isWanted, tell] {
                if (std::exchange(*isWanted, false)) tell();
            });
        return std::make_unique<FakeRequest>(isWanted, numDropped);
    }
};

QAction *menuAction(const NewRunPanel &panel, const QString &name)
{
    auto *menu = child<QToolButton>(&panel, "fromRun")->menu();
    Q_EMIT menu->aboutToShow();
    for (QAction *action : menu->actions())
        if (action->objectName() == name || action->text() == name) return action;
    return nullptr;
}

} // namespace

class TestNewRunSources : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesOverTheSettingsOfARun();
    void aRunIsFoundAmongHundreds();
    void beginsWithAModel();
    void aModelThatCannotBeReadLeavesTheFormAlone();
    void theModelIsPartOfTheDraft();
    void startWaitsForTheModel();
    void whatReplacedTheFormComesBack_data();
    void whatReplacedTheFormComesBack();
    void ctrlZIsThatOfTheFormWhereNothingWasTyped();
    void presetsInARowAreOneStep();
    void nothingFilledInIsNotAskedBack();
    void aDraftOfAnotherStartHasNoPast();
};

void TestNewRunSources::takesOverTheSettingsOfARun()
{
    FakeSession session;
    RunSpec old;
    applyPreset(old, "small");
    old.name = "old";
    old.data.path = "/text";
    old.train.steps = 123;
    old.schedule.totalSteps = 123; // frozen when it was made
    old.optimizer.lr = 0.005;
    session.runList = {fakeRun("old")};
    session.specs[u"old"_s] = QString::fromStdString(specToJson(old));
    NewRunPanel panel(session);
    QAction *run = menuAction(panel, u"old"_s);
    QVERIFY(run);
    run->trigger();
    QTRY_COMPARE(panel.form()->builder().preview().train.steps, 123);
    const SpecBuilder &builder = panel.form()->builder();
    QCOMPARE(builder.preview().model.width, 384);
    QCOMPARE(builder.preview().optimizer.lr, 0.005);
    QVERIFY(!builder.isExplicit("name"));
    QVERIFY(!builder.isExplicit("model.width")); // comes with the preset
    QVERIFY(!builder.isExplicit("schedule.total_steps"));
}

void TestNewRunSources::aRunIsFoundAmongHundreds()
{
    FakeSession session;
    for (int i = 0; i < 200; ++i) {
        session.runList.push_back(fakeRun("run-" + std::to_string(i), RunState::Finished, 1000 + i));
        if (i == 7) session.runList.back().labels.tags = {"baseline"};
        session.runList.back().labels.isArchived = i >= 190;
    }
    RunSpec old;
    old.data.path = "/text";
    old.train.steps = 321;
    session.specs[u"run-7"_s] = QString::fromStdString(specToJson(old));
    NewRunPanel panel(session);
    panel.show();
    QVERIFY(menuAction(panel, u"run-189"_s)); // the newest that is not in the archive
    QVERIFY(!menuAction(panel, u"run-199"_s) && !menuAction(panel, u"run-7"_s));
    QAction *find = menuAction(panel, u"findRun"_s);
    QVERIFY(find);
    QCOMPARE(find->text(), u"Find among 190 runs…"_s); // it does not end without a word
    find->trigger();
    auto *popup = panel.findChild<FilterPopup *>();
    QVERIFY(popup);
    QTest::keyClicks(popup->line(), u"baseline"_s);
    QCOMPARE(popup->list()->model()->rowCount(), 1);
    QTest::keyClick(popup->line(), Qt::Key_Return);
    QTRY_COMPARE(panel.form()->builder().preview().train.steps, 321);
    for (RunStatus &run : session.runList) run.labels.isArchived = true;
    QVERIFY(menuAction(panel, u"All runs are in the archive"_s));
}

void TestNewRunSources::beginsWithAModel()
{
    ModelSession session;
    NewRunPanel panel(session);
    panel.show();
    QVERIFY(menuAction(panel, u"fromModelFolder"_s));
    QVERIFY(!panel.modelStart()->isVisible());
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    panel.fillFromModel(u"/models/llama"_s);
    QTRY_COMPARE(panel.modelStart()->model(), u"/models/llama"_s);
    QVERIFY(panel.modelStart()->isVisible());
    QCOMPARE(session.askedModels, QStringList{u"/models/llama"_s});
    QCOMPARE(panel.form()->builder().preview().model.width, 96);
    QCOMPARE(panel.form()->builder().preview().data.path, std::string("/text")); // what was filled in stays
    QVERIFY(panel.command().endsWith(u" --from /models/llama"_s));

    QSignalSpy created(&panel, &NewRunPanel::runCreated);
    QVERIFY(panel.startButton()->isEnabled());
    panel.start();
    QTRY_COMPARE(created.size(), 1);
    QCOMPARE(created.first().first().toString(), u"begun"_s);
    QCOMPARE(session.begunWith, QStringList{u"/models/llama"_s});
    QVERIFY(session.begunSpecs.first().contains(u"/text"_s));
    QVERIFY(session.createdSpecs.isEmpty()); // not with random weights

    // Back to random weights: the settings stay.
    child<QToolButton>(&panel, "dropModel")->click();
    QVERIFY(!panel.modelStart()->isVisible());
    QVERIFY(!panel.command().contains(u"--from"_s));
    QCOMPARE(panel.form()->builder().preview().model.width, 96);
    panel.start();
    QTRY_COMPARE(session.createdSpecs.size(), 1);
    QCOMPARE(session.begunWith.size(), 1);
}

void TestNewRunSources::aModelThatCannotBeReadLeavesTheFormAlone()
{
    ModelSession session;
    session.settings = Error{ErrorCode::NotFound, "Cannot read a model: \"/no\" holds none, expected config.json.",
                             "Choose another folder."};
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    const QString before = panel.draftJson();
    panel.fillFromModel(u"/no"_s);
    QTRY_VERIFY(panel.banner()->isVisible());
    QVERIFY(panel.banner()->message().contains(u"\"/no\" holds none"_s));
    QCOMPARE(panel.draftJson(), before);
    QVERIFY(panel.modelStart()->model().isEmpty());
    QVERIFY(panel.startButton()->isEnabled());

    // Neither does one that the worker cannot begin with.
    session.settings = QString(u"{}"_s);
    session.created = Error{ErrorCode::InvalidInput, "Cannot begin with \"/other\": shapes differ.", "Take its settings."};
    panel.fillFromModel(u"/other"_s);
    QTRY_COMPARE(panel.modelStart()->model(), u"/other"_s);
    panel.start();
    QTRY_VERIFY(panel.banner()->message().contains(u"shapes differ"_s));
    QCOMPARE(panel.modelStart()->model(), u"/other"_s);
    QVERIFY(panel.startButton()->isEnabled());
}

void TestNewRunSources::theModelIsPartOfTheDraft()
{
    ModelSession session;
    NewRunPanel first(session);
    first.fillFromModel(u"run@200"_s);
    QTRY_COMPARE(first.modelStart()->model(), u"run@200"_s);
    const QString draft = first.draftJson();
    NewRunPanel second(session);
    second.restoreDraft(draft);
    QCOMPARE(second.modelStart()->model(), u"run@200"_s);
    QCOMPARE(second.form()->builder().preview().model.width, 96);
    QCOMPARE(second.draftJson(), draft);
    second.restoreDraft(NewRunPanel(session).draftJson()); // one without a model
    QVERIFY(second.modelStart()->model().isEmpty());
    first.show();
    child<QPushButton>(&first, "resetAll")->click();
    QVERIFY(first.modelStart()->model().isEmpty());
}

void TestNewRunSources::startWaitsForTheModel()
{
    ModelSession session;
    session.isHeld = true;
    auto panel = std::make_unique<NewRunPanel>(session);
    panel->show();
    panel->form()->setGiven(u"data.path"_s, u"/text"_s);
    QVERIFY(panel->startButton()->isEnabled());
    panel->fillFromModel(u"/models/large"_s);
    QVERIFY(!panel->startButton()->isEnabled());
    QVERIFY(panel->startButton()->toolTip().contains(u"Reading the model"_s));
    panel.reset(); // nobody waits for it any more
    QCOMPARE(session.numDropped, 1);
}

namespace {

/// A form with something in it, a run and a model to take over.
struct FilledForm {
    ModelSession session;
    std::unique_ptr<NewRunPanel> panel;
    FilledForm()
    {
        RunSpec old;
        old.data.path = "/other";
        old.optimizer.lr = 0.005;
        session.runList = {fakeRun("old")};
        session.runList.front().name = "The old one";
        session.specs[u"old"_s] = QString::fromStdString(specToJson(old));
        panel = std::make_unique<NewRunPanel>(session);
        panel->form()->setGiven(u"data.path"_s, u"/text"_s);
        panel->form()->setGiven(u"train.steps"_s, u"77"_s);
        panel->form()->setGiven(u"optimizer.lr"_s, u"quick"_s); // what is wrong is not lost either
        panel->show();
        panel->activateWindow();
        if (!QTest::qWaitForWindowActive(panel.get())) qFatal("no window");
    }
    [[nodiscard]] Banner *notice() const { return child<Banner>(panel.get(), "formNotice"); }
    void press() const { child<QPushButton>(notice(), "bannerRetry")->click(); }
};

} // namespace

void TestNewRunSources::whatReplacedTheFormComesBack_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("said");
    QTest::newRow("a run") << u"run"_s << u"Settings of “The old one” were taken."_s;
    QTest::newRow("a model") << u"model"_s << u"Weights and settings of “/models/llama” were taken."_s;
    QTest::newRow("a preset") << u"preset"_s << u"Preset “small” was chosen."_s;
    QTest::newRow("a reset") << u"reset"_s << u"All settings were reset."_s;
    QTest::newRow("a link") << u"link"_s << u"Settings of a link were taken."_s;
    QTest::newRow("single values") << u"values"_s << u"2 settings of “The old one” were taken. 1 that this engine does not know was left out."_s;
}

void TestNewRunSources::whatReplacedTheFormComesBack()
{
    QFETCH(QString, what);
    QFETCH(QString, said);
    const FilledForm filled;
    NewRunPanel &panel = *filled.panel;
    const QString before = panel.draftJson();
    QVERIFY(!filled.notice()->isVisible());
    if (what == u"run") panel.fillFromRun(u"old"_s);
    if (what == u"model") panel.fillFromModel(u"/models/llama"_s);
    if (what == u"preset") panel.form()->presets()->button(u"small"_s)->click();
    if (what == u"reset") child<QPushButton>(&panel, "resetAll")->click();
    if (what == u"link") panel.view().restore({{u"draft"_s, uR"({"version":1,"texts":{"seed":"5"}})"_s}});
    if (what == u"values") panel.takeValues({{u"seed"_s, u"9"_s}, {u"no.such"_s, u"1"_s}, {u"train.steps"_s, u"8"_s}}, u"The old one"_s);
    QTRY_VERIFY(filled.notice()->isVisible());
    QCOMPARE(filled.notice()->message(), said);
    const QString after = panel.draftJson();
    QVERIFY(after != before);

    filled.press(); // Undo
    QCOMPARE(panel.draftJson(), before);
    QVERIFY(panel.modelStart()->model().isEmpty());
    QCOMPARE(child<QLineEdit>(&panel, "control_optimizer.lr")->text(), u"quick"_s);
    QVERIFY(!panel.form()->shownError(u"optimizer.lr"_s).isEmpty());
    QCOMPARE(filled.notice()->message(), u"The form is as it was before: "_s + said);
    // What was changed meanwhile is not lost by going back: it comes again.
    filled.press(); // Redo
    QCOMPARE(panel.draftJson(), after);
    QCOMPARE(filled.notice()->message(), said);
    panel.form()->setGiven(u"seed"_s, u"31"_s);
    const QString typed = panel.draftJson();
    panel.undo();
    QCOMPARE(panel.draftJson(), before);
    panel.redo();
    QCOMPARE(panel.draftJson(), typed);
}

void TestNewRunSources::ctrlZIsThatOfTheFormWhereNothingWasTyped()
{
    const FilledForm filled;
    NewRunPanel &panel = *filled.panel;
    auto *undo = child<QAction>(&panel, "formUndo");
    QCOMPARE(disabledReason(*undo), u"Nothing has replaced what was filled in."_s);
    const QString before = panel.draftJson();
    child<QPushButton>(&panel, "resetAll")->click();
    QVERIFY(undo->isEnabled());
    auto *steps = child<QLineEdit>(&panel, "control_train.steps");
    steps->setFocus();
    QTest::keyClicks(steps, u"5"_s);
    QTest::keyClick(steps, Qt::Key_Z, Qt::ControlModifier); // its own
    QCOMPARE(steps->text(), QString());
    QVERIFY(panel.draftJson() != before);
    QTest::keyClick(steps, Qt::Key_Z, Qt::ControlModifier); // that of the form
    QCOMPARE(panel.draftJson(), before);
    child<QPushButton>(&panel, "startTraining")->setFocus();
    child<QPushButton>(&panel, "resetAll")->click();
    child<QPushButton>(&panel, "resetAll")->setFocus();
    QTest::keyClick(child<QPushButton>(&panel, "resetAll"), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(panel.draftJson(), before);
}

void TestNewRunSources::presetsInARowAreOneStep()
{
    const FilledForm filled;
    NewRunPanel &panel = *filled.panel;
    const QString before = panel.draftJson();
    for (const QString &preset : {u"small"_s, u"tiny"_s, u"small"_s}) panel.form()->presets()->button(preset)->click();
    panel.undo();
    QCOMPARE(panel.draftJson(), before);
    // Not where something was typed between them.
    panel.form()->presets()->button(u"small"_s)->click();
    panel.form()->setGiven(u"seed"_s, u"4"_s);
    const QString between = panel.draftJson();
    panel.form()->presets()->button(u"tiny"_s)->click();
    panel.undo();
    QCOMPARE(panel.draftJson(), between);
}

void TestNewRunSources::nothingFilledInIsNotAskedBack()
{
    ModelSession session;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->presets()->button(u"small"_s)->click();
    QVERIFY(!child<Banner>(&panel, "formNotice")->isVisible()); // nothing was lost
    panel.undo();
    QVERIFY(!panel.form()->builder().isExplicit("model.preset"));
    child<QPushButton>(&panel, "resetAll")->click(); // of an empty form
    QVERIFY(!child<QAction>(&panel, "formUndo")->isEnabled());
}

void TestNewRunSources::aDraftOfAnotherStartHasNoPast()
{
    const FilledForm filled;
    child<QPushButton>(filled.panel.get(), "resetAll")->click();
    QVERIFY(filled.notice()->isVisible());
    filled.panel->restoreDraft(u"{}"_s); // of another host
    QVERIFY(!filled.notice()->isVisible());
    const QString now = filled.panel->draftJson();
    filled.panel->undo();
    QCOMPARE(filled.panel->draftJson(), now);
}

ORRERY_GUI_TEST_MAIN(TestNewRunSources)
#include "tst_new_run_sources.moc"
