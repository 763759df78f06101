// SPDX-License-Identifier: GPL-3.0-or-later
// What a model is about to learn of its memory: the sources, what is protected meanwhile, where the new model goes and what
// that costs. A path that cannot be is told under its field. GUI thread only.
#pragma once

#include "plugins/memory/ui/consolidation_text.h"

#include <QDialog>

class QPushButton;
class QSpinBox;

namespace orrery::ui {
class EngineSession;
class ToneLabel;
class UnitLineEdit;
} // namespace orrery::ui

namespace orrery::memory_ui {

class ConsolidateDialog : public QDialog {
    Q_OBJECT
public:
    struct Subject {
        QString title;    ///< what the model is called
        bool isOfRun = true; ///< else a directory, which does not say what it was trained on
        QString folder;   ///< proposed for the new model
        Learnable learnable;
        LearningModel model;
    };
    ConsolidateDialog(ui::EngineSession &session, Subject subject, QWidget *parent);
    [[nodiscard]] QString folder() const;

Q_SIGNALS:
    /// Folder, data and settings; whose memory it is, who asked knows.
    void confirmed(const orrery::ModelConsolidationRequest &request);

private:
    QWidget *makeSources();
    QWidget *makeFields();
    void chooseFolder();
    void showCost();
    void confirm();
    [[nodiscard]] bool check(); ///< both paths; the first that is wrong takes the focus

    ui::EngineSession &m_session;
    Subject m_subject;
    ui::UnitLineEdit *m_folder, *m_data;
    ui::ToneLabel *m_folderError, *m_dataError, *m_cost;
    QSpinBox *m_passes, *m_slots;
    QPushButton *m_confirm;
};

} // namespace orrery::memory_ui
