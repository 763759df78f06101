// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/field_editor.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/form/spec_form.h"

#include <QComboBox>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

QLineEdit *lineOf(const SpecForm &form, const char *key)
{
    auto *line = qobject_cast<QLineEdit *>(form.editor(QString::fromLatin1(key))->control());
    if (!line) qFatal("%s is no line", key);
    return line;
}

} // namespace

class TestSpecForm : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFieldHasANamedEditor_data();
    void everyFieldHasANamedEditor();
    void anUntouchedFormSaysNothingButWaits();
    void errorsStandUnderTheirField_data();
    void errorsStandUnderTheirField();
    void contradictionsAreFoundWhileTyping();
    void whatHasNoEffectIsToldAndNoProblem();
    void defaultsFollowThePreset();
    void explicitValuesSurviveAPreset();
    void aChangedModelIsNoPresetAnyMore();
    void fieldsOfAllGroupsBeginAtOneEdge();
    void resetBringsTheDefaultBack();
    void choosingTheDefaultIsNoChange();
    void automaticValuesShowWhatTheyComeTo();
    void searchFindsAdvancedFields();
    void advancedFieldsAreFoldedUnlessChanged();
    void draftKeepsWhatWasTypedEvenIfWrong();
    void brokenDraftsAreHarmless_data();
    void brokenDraftsAreHarmless();
    void outsideProblemsGoWithAnEdit();
    void typingIsQuick();
};

void TestSpecForm::everyFieldHasANamedEditor_data()
{
    QTest::addColumn<QString>("key");
    for (const Field &field : specFields())
        QTest::newRow(field.key.c_str()) << QString::fromStdString(field.key);
}

void TestSpecForm::everyFieldHasANamedEditor()
{
    QFETCH(QString, key);
    SpecForm form;
    if (key == u"model.preset") {
        QVERIFY(!form.presets()->accessibleName().isEmpty());
        for (const std::string &name : presetNames())
            QVERIFY(form.presets()->button(QString::fromStdString(name)));
        return;
    }
    FieldEditor *editor = form.editor(key);
    QVERIFY(editor);
    QVERIFY(!editor->control()->accessibleName().isEmpty());
    QVERIFY(editor->control()->toolTip().contains(key));
    QVERIFY(form.findChild<QToolButton *>(u"reset_"_s + key));
    // The default is what the table says, and it is accepted when it is given.
    const Field &field = *findField(key.toStdString());
    QCOMPARE(editor->defaultText().toStdString(), fieldValueText(field.get(RunSpec{})));
    if (key != u"data.path") {
        form.setGiven(key, editor->defaultText());
        QCOMPARE(form.shownError(key), QString());
    }
}

void TestSpecForm::anUntouchedFormSaysNothingButWaits()
{
    SpecForm form;
    QVERIFY(!form.isValid()); // no text yet
    QCOMPARE(form.firstProblem().first, u"data.path"_s);
    for (const Field &field : specFields())
        QCOMPARE(form.shownError(QString::fromStdString(field.key)), QString());
    QTest::keyClicks(lineOf(form, "data.path"), u"x"_s);
    QVERIFY(form.isValid());
    typeText(lineOf(form, "data.path"), QString());
    QVERIFY(!form.shownError(u"data.path"_s).isEmpty()); // now it was touched
}

void TestSpecForm::errorsStandUnderTheirField_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("text");
    QTest::newRow("not a number") << u"train.steps"_s << u"many"_s;
    QTest::newRow("below its range") << u"train.steps"_s << u"0"_s;
    QTest::newRow("not whole") << u"model.layers"_s << u"2.5"_s;
    QTest::newRow("zero rate") << u"optimizer.lr"_s << u"0"_s;
    QTest::newRow("one beta") << u"optimizer.betas"_s << u"0.9"_s;
    QTest::newRow("broken list") << u"probes.prompts"_s << u"[\"a\""_s;
    QTest::newRow("heads do not divide") << u"model.heads"_s << u"7"_s;
}

void TestSpecForm::errorsStandUnderTheirField()
{
    QFETCH(QString, key);
    QFETCH(QString, text);
    SpecForm form;
    form.show();
    form.setGiven(u"data.path"_s, u"/text"_s);
    form.showField(key);
    typeText(qobject_cast<QLineEdit *>(form.editor(key)->control()), text);
    QVERIFY(!form.isValid());
    QVERIFY(form.shownError(key).contains(key));
    QVERIFY(child<ToneLabel>(&form, qPrintable(u"error_"_s + key))->isVisible());
    QVERIFY(form.editor(key)->isInvalid());
    QCOMPARE(form.firstProblem().first, key);
    for (const Field &field : specFields()) // and nowhere else
        if (QString::fromStdString(field.key) != key)
            QCOMPARE(form.shownError(QString::fromStdString(field.key)), QString());
    child<QToolButton>(&form, qPrintable(u"reset_"_s + key))->click();
    QVERIFY(form.isValid());
    QVERIFY(!form.editor(key)->isInvalid());
}

void TestSpecForm::contradictionsAreFoundWhileTyping()
{
    SpecForm form;
    form.setGiven(u"data.path"_s, u"/text"_s);
    typeText(lineOf(form, "model.width"), u"130"_s); // 4 heads of the preset do not divide it
    QVERIFY(!form.isValid());
    QVERIFY(!form.shownError(u"model.heads"_s).isEmpty());
    typeText(lineOf(form, "model.width"), u"256"_s);
    QVERIFY(form.isValid());
}

void TestSpecForm::whatHasNoEffectIsToldAndNoProblem()
{
    SpecForm form;
    form.setGiven(u"data.path"_s, u"/text"_s);
    form.setGiven(u"objective.mix"_s, u"0, 0, 1"_s);
    QVERIFY(form.isValid());
    QVERIFY(!form.editor(u"objective.mix"_s)->isInvalid());
    auto *note = child<ToneLabel>(&form, "error_objective.mix");
    QVERIFY2(note->text().contains(u"has no effect: objective.name is next_token"_s), qPrintable(note->text()));
    QVERIFY(note->tone() == Tone::Warning && !note->isHidden());
    form.setGiven(u"objective.name"_s, u"hybrid"_s);
    QVERIFY(note->text().isEmpty() && note->isHidden());
    form.setGiven(u"objective.mix"_s, u"0, 0, 0"_s);
    QVERIFY(!form.isValid() && !note->text().isEmpty());
    QVERIFY(note->tone() == Tone::Error);
}

void TestSpecForm::defaultsFollowThePreset()
{
    SpecForm form;
    QCOMPARE(lineOf(form, "model.width")->placeholderText(), u"128"_s);
    QSignalSpy changed(&form, &SpecForm::changed);
    form.presets()->button(u"small"_s)->click();
    QCOMPARE(lineOf(form, "model.width")->placeholderText(), u"384"_s);
    QVERIFY(changed.count() >= 1);
    QCOMPARE(form.builder().preview().model.preset, std::string("small"));
    form.presets()->button(u"tiny"_s)->click();
    QVERIFY(!form.builder().isExplicit("model.preset")); // the default again
}

void TestSpecForm::explicitValuesSurviveAPreset()
{
    SpecForm form;
    typeText(lineOf(form, "model.layers"), u"9"_s);
    form.presets()->button(u"gpt2"_s)->click();
    QCOMPARE(form.builder().preview().model.layers, 9);
    QCOMPARE(form.builder().preview().model.width, 768);
}

void TestSpecForm::aChangedModelIsNoPresetAnyMore()
{
    SpecForm form;
    const auto *title = child<ToneLabel>(&form, "presetTitle");
    const auto isLit = [&form](const QString &preset) { return form.presets()->button(preset)->isChecked(); };
    QVERIFY(isLit(u"tiny"_s));
    QCOMPARE(title->text(), u"Preset"_s);
    typeText(lineOf(form, "train.steps"), u"50"_s); // no matter of the model
    typeText(lineOf(form, "model.dropout"), u"0.1"_s);
    typeText(lineOf(form, "model.layers"), u"4"_s); // what it has anyway
    form.setGiven(u"data.path"_s, u"gen:shapes"_s); // its modalities are of the data
    QVERIFY(isLit(u"tiny"_s));
    typeText(lineOf(form, "model.layers"), u"9"_s);
    for (const std::string &name : presetNames()) QVERIFY(!isLit(QString::fromStdString(name)));
    QCOMPARE(title->text(), u"Preset: tiny, changed"_s);
    form.presets()->button(u"gpt2"_s)->click();
    QVERIFY(!isLit(u"gpt2"_s)); // the layers stay as they were given
    QCOMPARE(title->text(), u"Preset: gpt2, changed"_s);
    child<QToolButton>(&form, "reset_model.layers")->click();
    QVERIFY(isLit(u"gpt2"_s));
    QCOMPARE(title->text(), u"Preset"_s);
}

void TestSpecForm::fieldsOfAllGroupsBeginAtOneEdge()
{
    SpecForm form;
    form.resize(700, 2'000);
    form.show();
    form.setGiven(u"model.qk_norm"_s, u"false"_s); // a long label of one group
    QVERIFY(form.isRowShown(u"model.qk_norm"_s));
    const auto left = [&form](const char *key) {
        const QWidget *editor = form.editor(QString::fromLatin1(key));
        return editor->mapTo(&form, QPoint()).x();
    };
    QTRY_COMPARE(left("data.path"), left("model.qk_norm"));
    QCOMPARE(left("train.steps"), left("model.layers"));
    QVERIFY(left("train.steps") - child<ToneLabel>(&form, "presetTitle")->x() > 150);
}

void TestSpecForm::resetBringsTheDefaultBack()
{
    SpecForm form;
    form.show();
    auto *reset = child<QToolButton>(&form, "reset_train.steps");
    QVERIFY(!reset->isVisible());
    typeText(lineOf(form, "train.steps"), u"50"_s);
    QVERIFY(reset->isVisible());
    QVERIFY(form.builder().isExplicit("train.steps"));
    QCOMPARE(reset->toolTip(), u"Reset to 2000"_s);
    reset->click();
    QVERIFY(!form.builder().isExplicit("train.steps"));
    QCOMPARE(lineOf(form, "train.steps")->text(), QString());
    QVERIFY(!reset->isVisible());
}

void TestSpecForm::choosingTheDefaultIsNoChange()
{
    SpecForm form;
    auto *box = qobject_cast<QComboBox *>(form.editor(u"train.dtype"_s)->control());
    QVERIFY(box);
    auto choose = [&](const QString &value) {
        box->setCurrentIndex(box->findData(value));
        Q_EMIT box->activated(box->currentIndex());
    };
    choose(u"bf16"_s);
    QVERIFY(form.builder().isExplicit("train.dtype"));
    choose(u"fp32"_s);
    QVERIFY(!form.builder().isExplicit("train.dtype"));
}

void TestSpecForm::automaticValuesShowWhatTheyComeTo()
{
    SpecForm form;
    QCOMPARE(lineOf(form, "schedule.warmup_steps")->placeholderText(), u"40, by the schedule"_s);
    typeText(lineOf(form, "train.steps"), u"10000"_s);
    QCOMPARE(lineOf(form, "schedule.warmup_steps")->placeholderText(), u"200, by the schedule"_s);
    QCOMPARE(lineOf(form, "data.vocab_size")->placeholderText(), u"272, as the tokenizer"_s);
    form.setGiven(u"data.vocab_size"_s, u"0"_s); // also where it is given, as from a run
    QCOMPARE(qobject_cast<UnitLineEdit *>(lineOf(form, "data.vocab_size"))->unit(),
             u"272, as the tokenizer"_s);
    QCOMPARE(lineOf(form, "probes.overview_every")->placeholderText(), u"10, as no head is starred"_s);
    typeText(lineOf(form, "probes.frames_every"), u"4"_s);
    QCOMPARE(lineOf(form, "probes.overview_every")->placeholderText(), u"4, as no head is starred"_s);
}

void TestSpecForm::searchFindsAdvancedFields()
{
    SpecForm form;
    form.show();
    QVERIFY(!form.isRowShown(u"optimizer.betas"_s));
    typeText(form.searchBox(), u"beta"_s);
    QVERIFY(form.isRowShown(u"optimizer.betas"_s));
    QVERIFY(!form.isRowShown(u"train.steps"_s));
    typeText(form.searchBox(), u"optimizer.eps"_s); // keys are found as well
    QVERIFY(form.isRowShown(u"optimizer.eps"_s));
    form.searchBox()->clear();
    QVERIFY(form.isRowShown(u"train.steps"_s));
    QVERIFY(!form.isRowShown(u"optimizer.betas"_s));
}

void TestSpecForm::advancedFieldsAreFoldedUnlessChanged()
{
    SpecForm form;
    form.show();
    QVERIFY(!form.isRowShown(u"optimizer.clip"_s));
    form.setGiven(u"optimizer.clip"_s, u"0.5"_s);
    QVERIFY(form.isRowShown(u"optimizer.clip"_s));
    child<QToolButton>(&form, "more_Optimizer")->click();
    QVERIFY(form.isRowShown(u"optimizer.betas"_s));
}

void TestSpecForm::draftKeepsWhatWasTypedEvenIfWrong()
{
    SpecForm form;
    form.presets()->button(u"small"_s)->click();
    typeText(lineOf(form, "train.steps"), u"many"_s);
    form.setGiven(u"model.qk_norm"_s, u"false"_s);
    SpecForm other;
    other.restoreDraft(form.draftJson());
    QCOMPARE(lineOf(other, "train.steps")->text(), u"many"_s);
    QVERIFY(!other.shownError(u"train.steps"_s).isEmpty());
    QCOMPARE(other.builder().preview().model.width, 384);
    QCOMPARE(other.builder().preview().model.qkNorm, false);
    QCOMPARE(other.draftJson(), form.draftJson());
}

void TestSpecForm::brokenDraftsAreHarmless_data()
{
    QTest::addColumn<QString>("draft");
    QTest::newRow("empty") << QString();
    QTest::newRow("not JSON") << u"{"_s;
    QTest::newRow("other shape") << u"[1, 2]"_s;
    QTest::newRow("unknown key and preset")
        << uR"({"version":1,"texts":{"model.preset":"huge","no.such":"1"}})"_s;
}

void TestSpecForm::brokenDraftsAreHarmless()
{
    QFETCH(QString, draft);
    SpecForm form;
    form.restoreDraft(draft);
    QVERIFY(form.builder().values().empty());
}

void TestSpecForm::outsideProblemsGoWithAnEdit()
{
    SpecForm form;
    form.setGiven(u"data.path"_s, u"/no/such"_s);
    form.setOutsideProblem(u"data.path"_s, u"Cannot read \"/no/such\": it does not exist."_s);
    QVERIFY(!form.isValid());
    QVERIFY(form.shownError(u"data.path"_s).contains(u"does not exist"_s));
    QTest::keyClicks(lineOf(form, "data.path"), u"x"_s);
    QVERIFY(form.isValid());
}

void TestSpecForm::typingIsQuick()
{
    SpecForm form;
    form.resize(700, 800);
    form.show();
    for (int i = 0; i < 5; ++i)
        ORRERY_VERIFY_QUICK_AFTER((void)0, QTest::keyClicks(lineOf(form, "train.steps"), u"1"_s));
    ORRERY_VERIFY_QUICK_AFTER(form.presets()->button(u"tiny"_s)->click(),
                              form.presets()->button(u"gpt2"_s)->click());
    ORRERY_VERIFY_QUICK_AFTER(typeText(form.searchBox(), QString()), typeText(form.searchBox(), u"s"_s));
}

ORRERY_GUI_TEST_MAIN(TestSpecForm)
#include "tst_spec_form.moc"
