//! Faults of WS-Management ([MS-WSMV] §2.2.4.43): SOAP's, with what the provider says.

use super::envelope::escape;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Code and subcode.
    code: (&'static str, &'static str),
    /// Number of the error, as the provider has it.
    number: u32,
    reason: String,
    message: String,
}

impl Fault {
    /// An envelope that is none.
    pub(super) fn schema() -> Self {
        Fault {
            code: ("s:Sender", "w:SchemaValidationError"),
            number: 2_150_858_767,
            reason: "The SOAP XML in the message does not match the corresponding XML schema definition. Change the \
                XML \
                     and retry. "
                .to_owned(),
            message: "The WS-Management service cannot process a SOAP packet because it contains invalid \
                XML. ".to_owned(),
        }
    }

    /// An action that is not known.
    pub(super) fn action(action: &str) -> Self {
        let text = format!("The WS-Management service does not support the action {action}. ");
        Fault {
            code: ("s:Sender", "a:ActionNotSupported"),
            number: 2_150_858_770,
            reason: text.clone(),
            message: text,
        }
    }

    /// A resource that is not there.
    pub(super) fn resource(uri: &str) -> Self {
        let text = format!(
            "The WS-Management service cannot process the request. The service cannot find the resource identified \
                by the \
             resource URI and selectors. The resource URI ({uri}) was not found in the WS-Management catalog. "
        );
        Fault {
            code: ("s:Sender", "a:DestinationUnreachable"),
            number: 2_150_858_752,
            reason: text.clone(),
            message: text,
        }
    }

    /// A shell that is not there.
    pub(super) fn selectors(shell: &str) -> Self {
        let text = format!(
            "The request for the Windows Remote Shell with ShellId {shell} failed because the shell was not found on \
                the \
             server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the \
             server. \
             Provide the correct ShellId or create a new shell and retry the operation. "
        );
        Fault {
            code: ("s:Sender", "w:InvalidSelectors"),
            number: 2_150_858_843,
            reason: text.clone(),
            message: text,
        }
    }

    /// More shells than one may have.
    pub(super) fn quota() -> Self {
        let text = "The WS-Management service cannot process the request. The maximum number of concurrent shells for \
                    this user has been exceeded. Close existing shells or raise the quota for this user. "
            .to_owned();
        Fault {
            code: ("s:Receiver", "w:QuotaLimit"),
            number: 2_150_859_173,
            reason: text.clone(),
            message: text,
        }
    }

    /// Whoever asks may not.
    pub(super) fn denied() -> Self {
        Fault {
            code: ("s:Sender", "w:AccessDenied"),
            number: 5,
            reason: "Access is denied. ".to_owned(),
            message: "Access is denied. ".to_owned(),
        }
    }

    /// Nothing came in the time that was given for it.
    pub(super) fn timed_out() -> Self {
        let text = "The WS-Management service cannot complete the operation within the time specified in \
            OperationTimeout.  "
            .to_owned();
        Fault {
            code: ("s:Receiver", "w:TimedOut"),
            number: 2_150_858_793,
            reason: text.clone(),
            message: text,
        }
    }

    /// The fault as the body of an envelope.
    pub(super) fn body(&self, machine: &str) -> String {
        let (code, sub) = self.code;
        format!(
            "<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{sub}</s:Value></s:Subcode></s:Code><s:R\
                eason>\
             <s:Text xml:lang=\"en-US\">{}</s:Text></s:Reason><s:Detail><f:WSManFault \
             xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"{}\" \
                 Machine=\"{machine}\"><f:Message>{}\
             </f:Message></f:WSManFault></s:Detail></s:Fault>",
            escape(&self.reason),
            self.number,
            escape(&self.message)
        )
    }
}
