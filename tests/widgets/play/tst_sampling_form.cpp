// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of the draw: their form, how stop texts are written, what drafts, exports and commands keep.
#include "play_setup.h"

#include "widgets/common/engine_command.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/stop_lines.h"
#include "widgets/play/session_file.h"

#include <QAbstractButton>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSpinBox>
#include <QWheelEvent>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

SamplingSettings allOn()
{
    SamplingSettings settings;
    settings.temperature = 1.5;
    settings.topK = 40;
    settings.topP = 0.9;
    settings.minP = 0.05;
    settings.typicalP = 0.95;
    settings.repetitionPenalty = 1.2;
    settings.penaltyWindow = 64;
    settings.stop = {"\n\nUser:", "C:\\new", "\t", "\xff"};
    settings.seed = 9;
    return settings;
}

bool isSame(const SamplingSettings &a, const SamplingSettings &b)
{
    return a.temperature == b.temperature && a.topK == b.topK && a.topP == b.topP && a.minP == b.minP &&
           a.typicalP == b.typicalP && a.repetitionPenalty == b.repetitionPenalty &&
           a.penaltyWindow == b.penaltyWindow && a.stop == b.stop && a.seed == b.seed;
}

} // namespace

class TestSamplingForm : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsSetComesBack()
    {
        SamplingForm form;
        QVERIFY(isSame(form.settings(), SamplingSettings{}));
        form.setSettings(allOn());
        QVERIFY(isSame(form.settings(), allOn()));
    }

    void moreIsFoldedAndSaysWhatIsOn()
    {
        SamplingForm form;
        form.show();
        auto *more = child<QAbstractButton>(&form, "moreSampling");
        auto *minP = child<QDoubleSpinBox>(&form, "minP");
        QVERIFY(!minP->isVisible());
        QCOMPARE(more->text(), u"More"_s);
        form.setSettings(allOn());
        QVERIFY(!minP->isVisible()); // folded as it was, but not silent
        QCOMPARE(more->text(), u"More · 4 on"_s);
        QSignalSpy changed(&form, &SamplingForm::changed);
        more->click();
        QVERIFY(minP->isVisible() && form.showsMore());
        QCOMPARE(changed.count(), 1);
    }

    void resetTakesTheUsualSettings()
    {
        SamplingForm form;
        auto *reset = child<QAbstractButton>(&form, "resetSampling");
        QVERIFY(!reset->isEnabled());
        form.setManual(true);
        form.setSettings(allOn());
        QVERIFY(reset->isEnabled());
        reset->click();
        QVERIFY(isSame(form.settings(), SamplingSettings{}));
        QVERIFY(form.isManual());
    }

    void resetIsTakenBackByTheSameButton()
    {
        SamplingForm form;
        auto *reset = child<QAbstractButton>(&form, "resetSampling");
        form.setSettings(allOn());
        QCOMPARE(reset->toolTip(), u"Usual settings again"_s);
        reset->click();
        QVERIFY(isSame(form.settings(), SamplingSettings{}));
        QVERIFY(reset->isEnabled());
        QCOMPARE(reset->toolTip(), u"Back to your settings"_s);
        QCOMPARE(reset->accessibleName(), reset->toolTip());
        reset->click();
        QVERIFY(isSame(form.settings(), allOn()));
        // A change of one's own is not taken away with what was before.
        reset->click();
        child<QDoubleSpinBox>(&form, "temperature")->setValue(0.5);
        QCOMPARE(reset->toolTip(), u"Usual settings again"_s);
    }

    void seeingThePromptWholeIsOneOfTheSettings()
    {
        SamplingForm form;
        form.show();
        auto *whole = child<QCheckBox>(&form, "seePromptWhole");
        auto *more = child<QAbstractButton>(&form, "moreSampling");
        auto *reset = child<QAbstractButton>(&form, "resetSampling");
        QVERIFY(!whole->isVisible() && whole->isEnabled() && !form.seesWhole());
        more->click();
        QSignalSpy changed(&form, &SamplingForm::changed);
        whole->click();
        QCOMPARE(changed.count(), 1);
        QVERIFY(form.seesWhole() && form.wantsWhole());
        QCOMPARE(more->text(), u"More · 1 on"_s);
        // What stands against it is told, and keeps what was chosen.
        form.setWholeProblem(u"Not this model."_s);
        QVERIFY(!whole->isEnabled() && !form.seesWhole() && form.wantsWhole());
        QVERIFY(whole->toolTip().startsWith(u"Not this model.\n"_s));
        QCOMPARE(whole->accessibleDescription(), whole->toolTip());
        QCOMPARE(more->text(), u"More"_s);
        form.setWholeProblem({});
        QVERIFY(form.seesWhole());
        reset->click();
        QVERIFY(!form.wantsWhole());
        reset->click();
        QVERIFY(form.wantsWhole());
        form.hideWhole();
        QVERIFY(!whole->isVisible());
    }

    void theWheelScrollsAndChangesNothing()
    {
        SamplingForm form;
        form.show();
        child<QAbstractButton>(&form, "moreSampling")->click();
        form.setSettings(allOn());
        const auto turn = [](QWidget *box) {
            const QPointF place = box->rect().center();
            QWheelEvent wheel(place, box->mapToGlobal(place), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                              Qt::NoScrollPhase, false);
            QCoreApplication::sendEvent(box, &wheel);
        };
        const auto boxes = form.findChildren<QAbstractSpinBox *>();
        QCOMPARE(boxes.size(), qsizetype(8));
        for (QAbstractSpinBox *box : boxes) {
            if (box->hasFocus()) box->clearFocus();
            QCOMPARE(box->focusPolicy(), Qt::StrongFocus); // the wheel does not give it
            turn(box);
        }
        QVERIFY(isSame(form.settings(), allOn()));
        QCOMPARE(form.settings().maxTokens, allOn().maxTokens);
        // With the focus it is meant.
        form.activateWindow();
        auto *topK = child<QSpinBox>(&form, "topK");
        topK->setFocus();
        QTRY_VERIFY(topK->hasFocus());
        turn(topK);
        QCOMPARE(topK->value(), 41);
    }

    void theWindowNeedsAPenalty()
    {
        SamplingForm form;
        auto *window = child<QWidget>(&form, "penaltyWindow");
        QVERIFY(!window->isEnabled());
        child<QDoubleSpinBox>(&form, "repetitionPenalty")->setValue(1.1);
        QVERIFY(window->isEnabled());
    }

    void stopTextsAreWrittenOneALine()
    {
        QCOMPARE(stopTextsOf(u"\\n\\nUser:\n\n  \nC:\\\\new\n\\d\\x41\\x4\\"_s),
                 (std::vector<std::string>{"\n\nUser:", "  ", "C:\\new", "\\dA\\x4\\"}));
        for (const std::string text : {"\n", "\r\n", "\\n", "a\\", "\xff\x01", "ü“\t", "\\x41", " "}) {
            const QString line = stopLineOf(text);
            QVERIFY2(!line.contains(u'\n'), qPrintable(line));
            QCOMPARE(stopTextOf(line), text);
        }
    }

    void refusedStopTextsSaySoUnderTheField()
    {
        SamplingForm form;
        auto *stop = child<QPlainTextEdit>(&form, "stopTexts");
        auto *problem = child<QLabel>(&form, "stopProblem");
        QVERIFY(problem->isHidden());
        stop->setPlainText(QString(257, u'x'));
        QVERIFY(!problem->isHidden());
        QCOMPARE(problem->text(), u"Text 1 has 257 bytes, expected at most 256."_s);
        stop->setPlainText(QString(u"x\n"_s).repeated(17));
        QCOMPARE(problem->text(), u"These are 17 texts, expected at most 16."_s);
        stop->setPlainText(QString(u"x\n"_s).repeated(16));
        QVERIFY(problem->isHidden());
    }

    void everyControlSaysWhatItDoes()
    {
        SamplingForm form;
        for (const char *name : {"temperature", "topK", "topP", "maxTokens", "seed", "minP", "typicalP",
                                 "repetitionPenalty", "penaltyWindow", "stopTexts"}) {
            auto *control = child<QWidget>(&form, name);
            QVERIFY2(!control->accessibleName().isEmpty(), name);
            QVERIFY2(control->toolTip().size() > 15, name);
        }
    }

    void draftsKeepWhatIsSet()
    {
        Setup setup;
        setup.panel->sampling()->setSettings(allOn());
        setup.panel->sampling()->setShowsMore(true);
        PlaygroundPanel other(setup.session);
        other.restoreJson(setup.panel->sessionJson());
        QVERIFY(isSame(other.sampling()->settings(), allOn()));
        QVERIFY(other.sampling()->showsMore());
    }

    void versionsKeepWhatTheyWereDrawnWith()
    {
        auto kept = std::make_shared<GenerationVersion>();
        kept->request.sampling = allOn();
        kept->tokens = tokensOf("ab");
        kept->tokens[1].chance = kept->tokens[1].alternatives[0].chance = 0.625;
        SessionState state;
        state.versions = {kept};
        Result<SessionContent> content = readSessionJson(sessionJson(sessionSnapshot(state)), QStringLiteral("a.json"));
        QVERIFY(content.ok());
        const std::vector<VersionPtr> versions = sessionState(std::move(*content)).versions;
        QCOMPARE(versions.size(), size_t(1));
        const VersionPtr version = versions[0];
        QVERIFY(version && isSame(version->request.sampling, allOn()));
        QVERIFY(!hasChances(version->tokens.at(0)));
        QVERIFY(hasChances(version->tokens.at(1)));
        QCOMPARE(version->tokens[1].chance, 0.625);
        QCOMPARE(version->tokens[1].alternatives.at(0).chance, 0.625);
        QCOMPARE(version->tokens[1].alternatives.at(1).chance, 0.0);
    }

    void damagedSettingsAreWithinTheirRanges()
    {
        const QJsonObject json{{u"temperature"_s, 99},    {u"top_k"_s, -3},
                               {u"top_p"_s, 0},           {u"min_p"_s, 7},
                               {u"typical_p"_s, -1},      {u"repetition_penalty"_s, 0},
                               {u"penalty_window"_s, -1}, {u"stop"_s, QJsonArray{u""_s, 4, u"x"_s}}};
        const SamplingSettings settings = samplingOf(json);
        QCOMPARE(settings.temperature, 10.0);
        QCOMPARE(settings.topK, int64_t{0});
        QVERIFY(settings.topP > 0 && settings.typicalP > 0);
        QCOMPARE(settings.minP, 1.0);
        QCOMPARE(settings.repetitionPenalty, 0.1);
        QCOMPARE(settings.penaltyWindow, int64_t{0});
        QCOMPARE(settings.stop, std::vector<std::string>{"x"});
        QVERIFY(isSame(samplingOf({}), SamplingSettings{}));
    }

    void theCommandHasThem()
    {
        GenerateRequest request{"a", allOn()};
        request.sampling.stop = {"\n\nUser:", "--"};
        QCOMPARE(
            generateCommand(u"r"_s, request),
            u"orrery-engine generate r --prompt a --max-tokens 200 --temperature 1.5 --top-k 40 --top-p 0.9 "
            "--min-p 0.05 --typical 0.95 --repetition-penalty 1.2 --penalty-window 64 --stop '\n\nUser:' "
            "--stop=-- --seed 9"_s);
        QVERIFY(!generateCommand(u"r"_s, {"a", {}}).contains(u"--min-p"_s));
    }

    void wordsNameWhatIsOn()
    {
        QCOMPARE(samplingWords({}), (QStringList{u"temperature 0.8"_s, u"seed 0"_s}));
        const QStringList words = samplingWords(allOn());
        for (const QString &word :
             {u"min-p 0.05"_s, u"typical 0.95"_s, u"repetition penalty 1.2 over 64 tokens"_s,
              u"stop “\\n\\nUser:”"_s, u"seed 9"_s})
            QVERIFY2(words.contains(word), qPrintable(words.join(u", "_s)));
    }

    /// In a low window the form scrolls, instead of making the window higher.
    void anUnfoldedFormNeedsNoHigherWindow()
    {
        Setup setup;
        const int least = setup.panel->minimumSizeHint().height();
        setup.panel->sampling()->setShowsMore(true);
        QCoreApplication::processEvents();
        QCOMPARE(setup.panel->minimumSizeHint().height(), least);
        setup.panel->resize(1000, 900);
        QCoreApplication::processEvents();
        const auto *scroll = setup.panel->sampling()->findChild<QScrollArea *>();
        QVERIFY(scroll->height() >= scroll->widget()->height()); // all of it is there
    }
};

QTEST_MAIN(TestSamplingForm)
#include "tst_sampling_form.moc"
