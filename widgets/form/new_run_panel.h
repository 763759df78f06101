// SPDX-License-Identifier: GPL-3.0-or-later
// The New run form with its estimate, the description of its text, and the button that starts it. The draft
// outlives closing. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/form/draft_history.h"
#include "widgets/form/estimate_card.h"
#include "widgets/session/engine_session.h"

#include <functional>
#include <memory>

class QBoxLayout;
class QMenu;
class QPushButton;
class QScrollArea;
class QTimer;
class QToolButton;

namespace orrery::ui {

class DataCard;
class ElidedLabel;
class ModelStart;
class PastSpeeds;
class SpecForm;
struct SettingFix;

class NewRunPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit NewRunPanel(EngineSession &session, QWidget *parent = nullptr);
    /// Offers "Use the example" where a text is asked for. The path is asked for when it is used.
    void setExamplePath(std::function<QString()> provider);
    /// The plugins that the engine has: their parts and settings join the form.
    void setPlugins(const std::vector<PluginInfo> &plugins);
    /// Fills the form with the spec of a run, under no name of its own.
    void fillFromRun(const QString &run);
    /// The settings that a model needs, on top of what is filled in; the run begins with its weights.
    /// @param model RUN@step or a model directory of the engine's computer
    void fillFromModel(const QString &model);
    [[nodiscard]] ModelStart *modelStart() const { return m_modelStart; }
    /// Single settings of a run, in place of those of the form. @param values key and text
    void takeValues(const QList<std::pair<QString, QString>> &values, const QString &of);
    [[nodiscard]] QString draftJson() const;
    /// Of another start or another host: what was done before cannot be taken back.
    void restoreDraft(const QString &json);
    [[nodiscard]] SpecForm *form() const { return m_form; }
    [[nodiscard]] EstimateCard *estimateCard() const { return m_estimate; }
    [[nodiscard]] DataCard *dataCard() const { return m_data; }
    [[nodiscard]] QPushButton *startButton() const { return m_start; }
    [[nodiscard]] QString command() const; ///< what "Copy as command" copies

public Q_SLOTS:
    void start();
    void useExample();
    /// What replaced the form last.
    void undo();
    void redo();

Q_SIGNALS:
    void runCreated(const QString &run);
    void closeRequested();
    void draftChanged(); ///< draftJson() says something new

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *makeFooter();
    QWidget *makeSideRow();
    void arrangeSide();
    void adoptFrame();
    void applyDraft(const QString &json);
    void makeHistory(); // new_run_history.cpp, and what follows
    void replace(const QString &what, const std::function<void()> &change);
    void remember(const QString &before, const QString &what, const QString &kind);
    void tellHistory(const QString &what, bool isTakenBack);
    void updateHistory();
    void askForPlugins();
    void fillRunMenu(); // new_run_sources.cpp, and what follows
    [[nodiscard]] std::vector<const RunStatus *> runsToTakeFrom() const;
    void findRun();
    void askForModel();
    void takeModel(const QString &model, const Result<QString> &settings);
    void takeCreated(const Result<RunStatus> &reply);
    void takeChange();
    void describeLater(); // new_run_description.cpp, and what follows
    void describeCommitted();
    void describeNow();
    void startDescribing();
    void askForDescription();
    [[nodiscard]] static bool isDescribed(const QString &key);
    /// Under the field that the data ask to be changed, and as a button beside what they are.
    void offerFix(const SettingFix &fix);
    [[nodiscard]] bool isTyping() const;
    void updateEstimate();
    void updateStart();

    EngineSession &m_session;
    SpecForm *m_form;
    ModelStart *m_modelStart;
    EstimateCard *m_estimate;
    PastSpeeds *m_speeds;
    DataCard *m_data;
    QBoxLayout *m_columns;
    QScrollArea *m_side = nullptr;
    QWidget *m_sideRow = nullptr;
    QToolButton *m_sideButton = nullptr; ///< shows the cards where they stand under the form
    ElidedLabel *m_sideText = nullptr;
    bool m_isSideChosen = false;         ///< by a person
    QToolButton *m_fromRun;
    QMenu *m_runMenu;
    QPushButton *m_start, *m_resetAll;
    ElidedLabel *m_reason;
    QToolButton *m_showProblem;
    QTimer *m_describeTimer;
    Banner *m_notice = nullptr;
    QTimer *m_noticeTimer = nullptr;
    QAction *m_undo = nullptr, *m_redo = nullptr;
    DraftHistory m_history;
    QString m_beforePreset;
    bool m_isTakenBack = false; ///< the notice offers to redo
    std::function<QString()> m_example;
    QString m_question; ///< about the text: its answer is shown, awaited, or will be asked for
    std::unique_ptr<PendingRequest> m_modelRequest; ///< reads a model's settings, or begins a run with it
    bool m_isUnasked = false;
    std::unique_ptr<PendingRequest> m_description; ///< under way
    bool m_isStarting = false;
};

} // namespace orrery::ui
