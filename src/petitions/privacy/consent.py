"""What a signer agrees to."""

#: Raise it whenever the words of the consent above the button change their meaning: it is stored with every
#: signature, and tells later what that person agreed to.
CONSENT_VERSION = 1
