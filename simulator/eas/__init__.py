"""The front door of Alibaba Cloud PAI-EAS: what its service.json may say."""
